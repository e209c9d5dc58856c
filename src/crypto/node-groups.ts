// Key exchange of node:crypto (RFC 9846 section 7.4, RFC 7748, draft-ietf-tls-ecdhe-mlkem). Part of crypto/node.ts.
// Node 24 gives raw keys out of KeyObjects, which is the fastest way by far, and takes PEM in; before that, X25519 goes
// by SPKI and JWK, P-256 and its like by createECDH, and ML-KEM comes from noble, as does every curve that a runtime
// lacks.

import * as crypto from 'node:crypto'
import { derElement, derInteger, derOctets, derOid, derSequence, tags } from '../wire/der.ts'
import { groupIds } from '../wire/numbers.ts'
import { groupsOf } from './groups.ts'
import type { DiffieHellman, DiffieHellmanKey, EphemeralDiffieHellman, GroupParts, Kem, KemKey } from './groups.ts'
import { keyAlgorithm } from './key-algorithm.ts'
import { isPromise } from './maybe.ts'
import { buffer, plain } from './node-ciphers.ts'
import { lateCurve, lateKem } from './noble-late.ts'
import { publicKeyLoader } from './node-pem.ts'
import type { KeyExchangeGroup } from './provider.ts'

type Curve = 'x25519' | 'x448' | 'P-256' | 'P-384' | 'P-521'

/** The ways to move public keys in and out; the newest that works here is chosen once, when first needed. */
interface Transport {
  read(curve: Curve, publicKey: Uint8Array): crypto.KeyObject
  write(curve: Curve, key: crypto.KeyObject): Uint8Array
}

const rawTransport: Transport = {
  read: (curve, publicKey) => loaders[curve](publicKey),
  write: (curve, key) => plain(isMontgomery(curve) ? key.export({ format: 'raw-public' }) : exportPoint(key)),
}
const loaders: Readonly<Record<Curve, (publicKey: Uint8Array) => crypto.KeyObject>> = {
  x25519: publicKeyLoader(derSequence(derOid('1.3.101.110')), 32),
  x448: publicKeyLoader(derSequence(derOid('1.3.101.111')), 56),
  'P-256': publicKeyLoader(keyAlgorithm('p256'), 65),
  'P-384': publicKeyLoader(keyAlgorithm('p384'), 97),
  'P-521': publicKeyLoader(keyAlgorithm('p521'), 133),
}
const exportPoint = (key: crypto.KeyObject): Uint8Array => {
  const options = { format: 'raw-public', type: 'uncompressed' } as const
  return key.export(options)
}

/** JWK in is several times faster than SPKI in; JWK out of a fresh key has hung Node 20. */
const oldTransport: Transport = {
  read: (curve, publicKey) => {
    const x = buffer(publicKey).toString('base64url')
    return crypto.createPublicKey({ key: { kty: 'OKP', crv: curve === 'x448' ? 'X448' : 'X25519', x }, format: 'jwk' })
  },
  write: (_, key) => plain(key.export({ format: 'der', type: 'spki' })).slice(12),
}

let chosenTransport: Transport | undefined
const transport = (): Transport => (chosenTransport ??= hasRawKeys() ? rawTransport : oldTransport)
const hasRawKeys = (): boolean => {
  try {
    const { publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return rawTransport.read('P-256', rawTransport.write('P-256', publicKey)).asymmetricKeyType === 'ec'
  } catch {
    return false
  }
}

const isMontgomery = (curve: Curve): curve is 'x25519' | 'x448' => curve === 'x25519' || curve === 'x448'

const objectKey = (curve: Curve, privateKey: crypto.KeyObject, publicKey: crypto.KeyObject): DiffieHellmanKey => ({
  publicKey: transport().write(curve, publicKey),
  agree: (peer) => plain(crypto.diffieHellman({ privateKey, publicKey: transport().read(curve, peer) })),
})

const freshMontgomery = (id: number, curve: 'x25519' | 'x448', publicKeyLength: number): EphemeralDiffieHellman => ({
  id,
  publicKeyLength,
  generate: () => {
    // Two calls, for each is an overload of its own to the compiler.
    const pair = curve === 'x25519' ? crypto.generateKeyPairSync('x25519') : crypto.generateKeyPairSync('x448')
    return objectKey(curve, pair.privateKey, pair.publicKey)
  },
})

const montgomery = (id: number, curve: 'x25519' | 'x448', oid: string, publicKeyLength: number): DiffieHellman => ({
  ...freshMontgomery(id, curve, publicKeyLength),
  fromPrivate: (raw) => {
    const der = derSequence(derInteger(0), derSequence(derOid(oid)), derOctets(derOctets(raw)))
    const key = crypto.createPrivateKey({ key: buffer(der), format: 'der', type: 'pkcs8' })
    return objectKey(curve, key, crypto.createPublicKey(key))
  },
})

const freshWeierstrass = (
  id: number,
  curve: 'P-256' | 'P-384' | 'P-521',
  opensslName: string,
  publicKeyLength: number,
): EphemeralDiffieHellman => ({
  id,
  publicKeyLength,
  generate: () => {
    if (transport() === rawTransport) {
      const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: curve })
      return objectKey(curve, privateKey, publicKey)
    }
    const ecdh = crypto.createECDH(opensslName)
    return ecdhKey(ecdh, ecdh.generateKeys())
  },
})

const weierstrass = (
  id: number,
  curve: 'P-256' | 'P-384' | 'P-521',
  opensslName: string,
  oid: string,
  publicKeyLength: number,
): DiffieHellman => ({
  ...freshWeierstrass(id, curve, opensslName, publicKeyLength),
  fromPrivate: (raw) => {
    const ecdh = crypto.createECDH(opensslName)
    ecdh.setPrivateKey(raw) // refuses what is not 1 to the order less 1; createPrivateKey() takes it
    if (transport() === rawTransport) {
      const parameters = derElement(0xa0, derOid(oid))
      const sec1 = derSequence(derInteger(1), derElement(tags.octetString, raw), parameters)
      const key = crypto.createPrivateKey({ key: buffer(sec1), format: 'der', type: 'sec1' })
      return objectKey(curve, key, crypto.createPublicKey(key))
    }
    return ecdhKey(ecdh, ecdh.getPublicKey())
  },
})

const ecdhKey = (ecdh: crypto.ECDH, publicKey: Uint8Array): DiffieHellmanKey => ({
  publicKey: plain(publicKey),
  agree: (peer) => plain(ecdh.computeSecret(peer)),
})

/**
 * Bun has no X448, Deno no P-521, and workerd agrees on nothing with an X25519 key that was imported: whether a curve
 * works here is found out at the first use.
 */
const nativeOr = (name: Parameters<typeof lateCurve>[0], native: DiffieHellman): DiffieHellman => {
  let chosen: DiffieHellman | undefined
  const dh = (): DiffieHellman => (chosen ??= works(native) ? native : lateCurve(name, native))
  return {
    id: native.id,
    publicKeyLength: native.publicKeyLength,
    generate: () => dh().generate(),
    fromPrivate: (privateKey) => dh().fromPrivate(privateKey),
  }
}

const works = (dh: DiffieHellman): boolean => {
  try {
    const key = dh.generate()
    return !isPromise(key) && key.agree(key.publicKey) !== undefined
  } catch {
    return false
  }
}

type MlKemName = 'ml-kem-512' | 'ml-kem-768' | 'ml-kem-1024'

/** ML-KEM of Node (24.7 with OpenSSL 3.5), or noble's. Which one is found out at the first use. */
const mlKem = (name: MlKemName, noble: Kem): Kem => {
  let chosen: Kem | undefined
  const kem = (): Kem => (chosen ??= hasMlKem(name) ? nativeMlKem(name, noble) : noble)
  return {
    encapsulationKeyLength: noble.encapsulationKeyLength,
    ciphertextLength: noble.ciphertextLength,
    generate: () => kem().generate(),
    fromSeed: (seed) => kem().fromSeed(seed),
    encapsulate: (encapsulationKey) => kem().encapsulate(encapsulationKey),
  }
}

const mlKemOids: Readonly<Record<MlKemName, string>> = {
  'ml-kem-512': '2.16.840.1.101.3.4.4.1',
  'ml-kem-768': '2.16.840.1.101.3.4.4.2',
  'ml-kem-1024': '2.16.840.1.101.3.4.4.3',
}

const nativeMlKem = (
  name: MlKemName,
  { encapsulationKeyLength, ciphertextLength }: Pick<Kem, 'encapsulationKeyLength' | 'ciphertextLength'>,
): Kem => {
  const load = publicKeyLoader(derSequence(derOid(mlKemOids[name])), encapsulationKeyLength)
  const key = (privateKey: crypto.KeyObject, publicKey: crypto.KeyObject): KemKey => ({
    encapsulationKey: plain(publicKey.export({ format: 'raw-public' })),
    decapsulate: (ciphertext) => plain(crypto.decapsulate(privateKey, ciphertext)),
  })
  return {
    encapsulationKeyLength,
    ciphertextLength,
    generate: () => {
      const { privateKey, publicKey } = mlKemPair(name)
      return key(privateKey, publicKey)
    },
    fromSeed: (seed) => {
      const privateKey = crypto.createPrivateKey({ key: buffer(seed), format: 'raw-seed', asymmetricKeyType: name })
      return key(privateKey, crypto.createPublicKey(privateKey))
    },
    encapsulate: (encapsulationKey) => {
      const publicKey = load(encapsulationKey)
      const { sharedKey, ciphertext } = crypto.encapsulate(publicKey)
      return { ciphertext: plain(ciphertext), secret: plain(sharedKey) }
    },
  }
}

const mlKemPair = (name: MlKemName) => {
  if (name === 'ml-kem-512') return crypto.generateKeyPairSync('ml-kem-512')
  return name === 'ml-kem-768' ? crypto.generateKeyPairSync('ml-kem-768') : crypto.generateKeyPairSync('ml-kem-1024')
}

const hasMlKem = (name: MlKemName): boolean => {
  try {
    mlKemPair(name).publicKey.export({ format: 'raw-public' })
    return 'encapsulate' in crypto
  } catch {
    return false
  }
}

const mlKem768Lengths = { encapsulationKeyLength: 1184, ciphertextLength: 1088 } as const

/** The parts, for replays and test vectors. */
export const nodeParts: GroupParts = {
  x25519: nativeOr('x25519', montgomery(groupIds.X25519, 'x25519', '1.3.101.110', 32)),
  x448: nativeOr('x448', montgomery(groupIds.X448, 'x448', '1.3.101.111', 56)),
  p256: nativeOr('p256', weierstrass(groupIds['P-256'], 'P-256', 'prime256v1', '1.2.840.10045.3.1.7', 65)),
  p384: nativeOr('p384', weierstrass(groupIds['P-384'], 'P-384', 'secp384r1', '1.3.132.0.34', 97)),
  p521: nativeOr('p521', weierstrass(groupIds['P-521'], 'P-521', 'secp521r1', '1.3.132.0.35', 133)),
  mlKem512: mlKem('ml-kem-512', lateKem('mlKem512', { encapsulationKeyLength: 800, ciphertextLength: 768 })),
  mlKem768: mlKem('ml-kem-768', lateKem('mlKem768', mlKem768Lengths)),
  mlKem1024: mlKem('ml-kem-1024', lateKem('mlKem1024', { encapsulationKeyLength: 1568, ciphertextLength: 1568 })),
}

export const nodeGroups: readonly KeyExchangeGroup[] = groupsOf(nodeParts)

/** X25519MLKEM768 where this Node has it, X25519, P-256 and P-384: fresh keys alone, and nothing of noble. */
export const nodeSlimGroups = (): readonly KeyExchangeGroup[] =>
  groupsOf({
    x25519: freshMontgomery(groupIds.X25519, 'x25519', 32),
    p256: freshWeierstrass(groupIds['P-256'], 'P-256', 'prime256v1', 65),
    p384: freshWeierstrass(groupIds['P-384'], 'P-384', 'secp384r1', 97),
    ...(hasMlKem('ml-kem-768') && { mlKem768: nativeMlKem('ml-kem-768', mlKem768Lengths) }),
  })
