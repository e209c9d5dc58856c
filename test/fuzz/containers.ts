// Seeded mutation of PKCS#12 files and encrypted keys behind right passwords: what is inside is changed and then
// encrypted and authenticated again, so that the readers behind decryption meet it. containers.test.ts runs a part.

import { createCipheriv, createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { TlsError } from '../../src/errors.ts'
import { createCa, decryptPrivateKey, readPkcs12 } from '../../src/pki/index.ts'
import { pkcs12Oids } from '../../src/pki/pkcs12-bags.ts'
import {
  DerReader,
  constructedTag,
  derElement,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  derSet,
} from '../../src/wire/der.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { mutate, random } from './x509.ts'
import type { Random } from './x509.ts'

const PASSWORD = 'secret'
const SALT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const IV = Uint8Array.from({ length: 16 }, (_, i) => i)

/** What is mutated in one run, by name; every writer below passes its bytes through it. */
type Layer = (name: LayerName, bytes: Uint8Array) => Uint8Array
export const layers = ['key', 'keyInfo', 'certificate', 'bags', 'safe', 'derivation', 'authSafe', 'mac', 'pfx'] as const
type LayerName = (typeof layers)[number]

const explicit = (n: number, ...content: Uint8Array[]): Uint8Array => derElement(constructedTag(n), ...content)

/** PBKDF2-params with HMAC-SHA-256, as an AlgorithmIdentifier. Derived with what is written before it is mutated. */
const derivation = (layer: Layer): Uint8Array => {
  const prf = derSequence(derOid('1.2.840.113549.2.9'), derNull())
  const parameters = derSequence(derOctets(SALT), derInteger(1), derInteger(32), prf)
  return layer('derivation', derSequence(derOid('1.2.840.113549.1.5.12'), parameters))
}
const derived = pbkdf2Sync(PASSWORD, SALT, 1, 32, 'sha256')

const encrypt = (bytes: Uint8Array): Uint8Array => {
  const cipher = createCipheriv('aes-256-cbc', derived, IV)
  return new Uint8Array(Buffer.concat([cipher.update(bytes), cipher.final()]))
}
const pbes2 = (layer: Layer): Uint8Array => {
  const cipher = derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctets(IV))
  return derSequence(derOid('1.2.840.113549.1.5.13'), derSequence(derivation(layer), cipher))
}

export interface Material {
  readonly keys: readonly Uint8Array[]
  readonly certificates: readonly Uint8Array[]
}

const keyInfo = (key: Uint8Array, layer: Layer): Uint8Array =>
  layer('keyInfo', derSequence(pbes2(layer), derOctets(encrypt(layer('key', key)))))

/** A PKCS#12 file without a MAC, or with PBMAC1 (RFC 9579). */
const pkcs12 = (key: Uint8Array, certificates: readonly Uint8Array[], hasMac: boolean, layer: Layer): Uint8Array => {
  const name = derElement(0x1e, Uint8Array.of(0, 0x78))
  const attributes = derSet(
    derSequence(derOid(pkcs12Oids.friendlyName), derSet(name)),
    derSequence(derOid(pkcs12Oids.localKeyId), derSet(derOctets(SALT))),
  )
  const bag = (oid: string, value: Uint8Array): Uint8Array => derSequence(derOid(oid), explicit(0, value), attributes)
  const certBag = (der: Uint8Array): Uint8Array => {
    const value = explicit(0, derOctets(layer('certificate', der)))
    return bag(pkcs12Oids.certBag, derSequence(derOid(pkcs12Oids.x509Certificate), value))
  }
  const info = (type: string, content: Uint8Array): Uint8Array => derSequence(derOid(type), explicit(0, content))
  const data = (bytes: Uint8Array): Uint8Array => info(pkcs12Oids.data, derOctets(bytes))
  const keys = data(layer('bags', derSequence(bag(pkcs12Oids.shroudedKeyBag, keyInfo(key, layer)))))
  const sealed = derElement(0x80, encrypt(layer('bags', derSequence(...certificates.map(certBag)))))
  const content = derSequence(derOid(pkcs12Oids.data), pbes2(layer), sealed)
  const others = info(pkcs12Oids.encryptedData, derSequence(derInteger(0), content))
  const authenticated = layer('authSafe', derSequence(keys, layer('safe', others)))
  const hmac = derSequence(derOid('1.2.840.113549.2.9'), derNull())
  const pbmac1 = derSequence(derOid('1.2.840.113549.1.5.14'), derSequence(derivation(layer), hmac))
  const proof = new Uint8Array(createHmac('sha256', derived).update(authenticated).digest())
  const mac = derSequence(derSequence(pbmac1, derOctets(proof)), derOctets(SALT), derInteger(1))
  return layer('pfx', derSequence(derInteger(3), data(authenticated), ...(hasMac ? [layer('mac', mac)] : [])))
}

/** A file of another program (vectors/pkcs12), its MAC left out and what it protected mutated. */
const foreign = (file: Uint8Array, layer: Layer): Uint8Array => {
  const pfx = new DerReader(file).sequence('PFX')
  pfx.skip('version')
  const info = pfx.sequence('authSafe')
  const [type, content] = [info.element('type'), info.enter(constructedTag(0), 'content').octetString('content')]
  return derSequence(derInteger(3), derSequence(type, explicit(0, derOctets(layer('authSafe', content)))))
}

/** OpenSSL's older PEM of a key. */
const traditional = (label: string, key: Uint8Array, layer: Layer): string => {
  const secret = createHash('md5').update(PASSWORD).update(IV.subarray(0, 8)).digest()
  const cipher = createCipheriv('aes-128-cbc', secret, IV)
  const sealed = Buffer.concat([cipher.update(layer('key', key)), cipher.final()]).toString('base64')
  const iv = Buffer.from(IV).toString('hex')
  const body = sealed.replaceAll(/.{64}/g, '$&\n')
  return (
    `-----BEGIN ${label}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${iv}\n\n${body}\n` +
    `-----END ${label}-----\n`
  )
}

const kinds = ['ecdsa-p256', 'ed25519', 'rsa-2048'] as const

export const material = async (): Promise<Material> => {
  const cas = await Promise.all(kinds.map((key) => createCa({ name: 'x', key })))
  const derOf = (pem: string): Uint8Array => decodePem(pem)[0]?.bytes ?? new Uint8Array()
  return {
    keys: cas.map(({ privateKeyPem }) => derOf(privateKeyPem)),
    certificates: cas.map(({ certificate }) => certificate),
  }
}

const files = ['openssl', 'certtool'].map(
  (name) => new Uint8Array(readFileSync(new URL(`../../vectors/pkcs12/${name}.p12`, import.meta.url))),
)

/** A layer that mutates one kind of bytes, or none. */
const layerOf = (chosen: LayerName | undefined, others: readonly Uint8Array[], r: Random): Layer => {
  return (name, bytes) => (name === chosen ? mutate(bytes, others, r) : bytes)
}

/** Reads one container, mutated in a layer (undefined: not at all); whether it was read. Throws what is no TlsError. */
export const containerTarget = async (
  { keys, certificates }: Material,
  seed: number,
  chosen: LayerName | undefined,
): Promise<boolean> => {
  const r = random(seed)
  const layer = layerOf(chosen, [...keys, ...certificates], r)
  const key = r.pick(keys)
  const readers = [
    () => readPkcs12(pkcs12(key, certificates, r.below(2) === 0, layer), PASSWORD),
    () => readPkcs12(foreign(r.pick(files), layer), PASSWORD),
    () => decryptPrivateKey(keyInfo(key, layer), PASSWORD),
    () => decryptPrivateKey(traditional('PRIVATE KEY', key, layer), PASSWORD),
  ] as const
  try {
    await (chosen === undefined || r.below(2) === 0 ? readers[0] : r.pick(readers))()
    return true
  } catch (error) {
    if (error instanceof TlsError && error.code !== 'internal_error') return false
    throw new Error(`seed ${seed}, ${chosen ?? 'nothing'} mutated`, { cause: error })
  }
}
