// Seeded mutation of PKCS#12 files and encrypted keys behind right passwords: what is inside is changed and then
// encrypted and authenticated again, so that the readers behind decryption meet it. containers.test.ts runs a part.

import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { TlsError } from '../../src/errors.ts'
import { createCa, decryptPrivateKey, readPkcs12 } from '../../src/pki/index.ts'
import { pkcs12Oids } from '../../src/pki/pkcs12-bags.ts'
import type { PbeHashName } from '../../src/pki/primitives.ts'
import { webPrimitives } from '../../src/pki/web-primitives.ts'
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
import {
  IV,
  PASSWORD,
  SALT,
  derive,
  derived,
  limits,
  macHashes,
  pbkdf2,
  readOldCipher,
  schemes,
} from './container-schemes.ts'
import type { Layer, LayerName, Scheme } from './container-schemes.ts'
import { mutate, random } from './x509.ts'
import type { Random } from './x509.ts'

export { layers } from './container-schemes.ts'

/** Old ciphers are read with the stand-in for RC2. */
const options = { limits, decipher: readOldCipher }

const explicit = (n: number, ...content: Uint8Array[]): Uint8Array => derElement(constructedTag(n), ...content)

export interface Material {
  readonly keys: readonly Uint8Array[]
  readonly certificates: readonly Uint8Array[]
}

const keyInfo = (key: Uint8Array, { identifier, encrypt }: Scheme, layer: Layer): Uint8Array =>
  layer('keyInfo', derSequence(identifier(layer), derOctets(encrypt(layer('key', key)))))

/** How a file is encrypted and authenticated. */
interface Writing {
  readonly scheme: Scheme
  /** Without a MAC, with PBMAC1 (RFC 9579), or with the HMAC of RFC 7292 by this hash. */
  readonly mac: 'none' | 'pbmac1' | PbeHashName
}

const pkcs12 = (
  key: Uint8Array,
  certificates: readonly Uint8Array[],
  { scheme, mac }: Writing,
  layer: Layer,
): Uint8Array => {
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
  const keys = data(layer('bags', derSequence(bag(pkcs12Oids.shroudedKeyBag, keyInfo(key, scheme, layer)))))
  const sealed = derElement(0x80, scheme.encrypt(layer('bags', derSequence(...certificates.map(certBag)))))
  const content = derSequence(derOid(pkcs12Oids.data), scheme.identifier(layer), sealed)
  const others = info(pkcs12Oids.encryptedData, derSequence(derInteger(0), content))
  const authenticated = layer('authSafe', derSequence(keys, layer('safe', others)))
  const proof =
    mac === 'none' ? [] : [layer('mac', mac === 'pbmac1' ? pbmac1(authenticated, layer) : macOf(mac, authenticated))]
  return layer('pfx', derSequence(derInteger(3), data(authenticated), ...proof))
}

const pbmac1 = (authenticated: Uint8Array, layer: Layer): Uint8Array => {
  const hmac = derSequence(derOid('1.2.840.113549.2.9'), derNull())
  const algorithm = derSequence(derOid('1.2.840.113549.1.5.14'), derSequence(pbkdf2(layer), hmac))
  const proof = new Uint8Array(createHmac('sha256', derived).update(authenticated).digest())
  return derSequence(derSequence(algorithm, derOctets(proof)), derOctets(SALT), derInteger(1))
}

/** The MAC of RFC 7292 appendix A, its iterations left out (1 by default). */
const macOf = (name: PbeHashName, authenticated: Uint8Array): Uint8Array => {
  const key = derive(name, 'mac', webPrimitives.hashes[name].outputLength)
  const proof = new Uint8Array(createHmac(name.replace('-', ''), key).update(authenticated).digest())
  const algorithm = derSequence(derOid(macHashes[name]), derNull())
  return derSequence(derSequence(algorithm, derOctets(proof)), derOctets(SALT))
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

const files = ['openssl', 'certtool', 'openssl-3des', 'certtool-3des', 'keytool', 'keytool-legacy'].map(
  (name) => new Uint8Array(readFileSync(new URL(`../../vectors/pkcs12/${name}.p12`, import.meta.url))),
)

/** A layer that mutates one kind of bytes, or none. */
const layerOf = (chosen: LayerName | undefined, others: readonly Uint8Array[], r: Random): Layer => {
  return (name, bytes) => (name === chosen ? mutate(bytes, others, r) : bytes)
}

const macs = ['none', 'pbmac1', 'SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'] as const

/** A file of each scheme and MAC, as it is. */
export const readAsWritten = async ({ keys: [key = SALT], certificates }: Material): Promise<readonly string[]> => {
  const problems: string[] = []
  for (const [name, scheme] of Object.entries(schemes))
    for (const mac of macs) {
      const file = pkcs12(key, certificates, { scheme, mac }, (_, bytes) => bytes)
      const read = await readPkcs12(file, PASSWORD, options)
      if (read.privateKeyPem === undefined || read.certificates.length !== certificates.length)
        problems.push(`${name}, ${mac}`)
    }
  return problems
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
  const scheme = r.pick(Object.values(schemes))
  const readers = [
    () => readPkcs12(pkcs12(key, certificates, { scheme, mac: r.pick(macs) }, layer), PASSWORD, options),
    () => readPkcs12(foreign(r.pick(files), layer), PASSWORD, options),
    () => decryptPrivateKey(keyInfo(key, scheme, layer), PASSWORD, options),
    () => decryptPrivateKey(traditional('PRIVATE KEY', key, layer), PASSWORD, options),
  ] as const
  try {
    await (chosen === undefined || r.below(2) === 0 ? readers[0] : r.pick(readers))()
    return true
  } catch (error) {
    if (error instanceof TlsError && error.code !== 'internal_error') return false
    throw new Error(`seed ${seed}, ${chosen ?? 'nothing'} mutated`, { cause: error })
  }
}

/** What is said of a key whose derivation asks for more than the default limits allow. */
export const withCount = async ({ keys: [key = SALT] }: Material, name: string): Promise<string> => {
  const scheme = schemes[name]
  if (scheme === undefined) throw new Error(`no scheme ${name}`)
  const layer: Layer = (which, bytes) => (which === 'derivation' ? withLargeNumber(bytes) : bytes)
  try {
    await decryptPrivateKey(keyInfo(key, scheme, layer), PASSWORD, { decipher: readOldCipher })
    return 'read'
  } catch (error) {
    if (error instanceof TlsError) return error.message
    throw error
  }
}

/** The first INTEGER of one byte becomes 2^30, and the lengths of what holds it four more or three. */
const withLargeNumber = (bytes: Uint8Array): Uint8Array => {
  const at = bytes.findIndex((byte, i) => byte === 2 && bytes[i + 1] === 1 && i > 8)
  const large = Uint8Array.of(2, 4, 0x40, 0, 0, 0)
  const grown = Uint8Array.of(...bytes.subarray(0, at), ...large, ...bytes.subarray(at + 3))
  // SEQUENCEs that are open at the number: the outermost, and in PBES2 the parameters after the identifier.
  const opened = [0, ...(bytes[2] === 6 ? [4 + (bytes[3] ?? 0)] : [])]
  return grown.map((byte, i) => (opened.includes(i - 1) ? byte + 3 : byte))
}
