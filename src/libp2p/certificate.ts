// Certificates of libp2p's TLS handshake: self-signed, with a signature of the peer's own key over the certificate's
// key in an extension (libp2p specifications, tls/tls.md, "Peer Authentication").

import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromMultihash, peerIdFromPublicKey } from '@libp2p/peer-id'
import { run } from '../crypto/maybe.ts'
import { parsePublicKey } from '../crypto/keys.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { signCertificate } from '../pki/issue.ts'
import { generateKeyPair } from '../pki/keys.ts'
import { distinguishedName } from '../pki/names.ts'
import { concat } from '../wire/bytes.ts'
import { DerReader, derOctets, derOid, derSequence } from '../wire/der.ts'
import { encodePem } from '../wire/pem.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Certificate } from '../x509/certificate.ts'
import { extensionOids } from '../x509/oids.ts'
import { verifySignature } from '../x509/signature.ts'

const SIGNED_KEY = '1.3.6.1.4.1.53594.1.1'
const HOUR = 3_600_000
const CENTURY = 100 * 365.25 * 24 * HOUR

/** What the peer's key signs: a prefix, and the certificate's key as SubjectPublicKeyInfo. */
const signedData = (spki: Uint8Array): Uint8Array => concat(new TextEncoder().encode('libp2p-tls-handshake:'), spki)

/** A certificate with a fresh key that `privateKey` vouches for; PEM, as `identity` takes it. */
export const createPeerCertificate = async (
  privateKey: PrivateKey,
  clock: () => number,
): Promise<{ readonly cert: string; readonly key: string }> => {
  const keys = await generateKeyPair('ecdsa-p256')
  const signature = await privateKey.sign(signedData(keys.spki))
  const now = clock()
  const name = distinguishedName({ organization: 'libp2p.io' })
  // This extension alone: js-libp2p looks at the first one only.
  const certificate = await signCertificate({
    issuer: name,
    subject: name,
    validity: { notBefore: now - HOUR, notAfter: now + CENTURY },
    spki: keys.spki,
    signer: keys,
    extensions: [
      {
        oid: SIGNED_KEY,
        critical: true,
        value: derSequence(derOctets(publicKeyToProtobuf(privateKey.publicKey)), derOctets(signature)),
      },
    ],
  })
  return { cert: encodePem('CERTIFICATE', certificate), key: encodePem('PRIVATE KEY', keys.pkcs8) }
}

const bad = (sentence: string, cause?: unknown): TlsError => new TlsError('bad_certificate', sentence, { cause })

/**
 * Who shows this chain. Throws TlsError: `bad_certificate` unless it is one certificate that is signed by its own key,
 * has no critical extension that is not known here, and has a signature of the peer's key over its own key;
 * `certificate_expired` if it is not valid at `time` (milliseconds since the epoch).
 */
export const peerOf = async (
  chain: readonly Uint8Array[],
  time: number,
  provider: CryptoProvider,
): Promise<{ readonly peer: PeerId; readonly leaf: Certificate }> => {
  const [der] = chain
  if (der === undefined || chain.length !== 1) throw bad(`a libp2p peer shows one certificate, and not ${chain.length}`)
  const leaf = parseCertificate(der)
  if (leaf.notBefore > time || leaf.notAfter < time)
    throw new TlsError('certificate_expired', "the peer's certificate is not valid now")
  const known: readonly string[] = [SIGNED_KEY, ...Object.values(extensionOids)]
  const unknown = leaf.extensions.find(({ oid, critical }) => critical && !known.includes(oid))
  if (unknown !== undefined) throw bad(`the certificate has a critical extension that is not known: ${unknown.oid}`)
  await checkSelfSignature(leaf, provider)
  const extension = leaf.extension(SIGNED_KEY)
  if (extension === undefined) throw bad('the certificate has no libp2p Public Key Extension')
  const { key, signature } = readSignedKey(extension.value)
  const { peer, verify } = peerKeyOf(key, provider)
  if (!(await verify(signedData(leaf.publicKey.spki), signature)))
    throw bad("the certificate's key is not signed by the peer's key")
  return { peer, leaf }
}

const checkSelfSignature = async (leaf: Certificate, provider: CryptoProvider): Promise<void> => {
  const isSigned = await run(verifySignature(provider, leaf.publicKey, leaf))
  if (!isSigned) throw bad('the certificate is not signed by its own key')
}

const readSignedKey = (value: Uint8Array) => {
  const sequence = new DerReader(value, 'bad_certificate', 'libp2p Public Key Extension').lastSequence('SignedKey')
  const key = sequence.octetString('publicKey')
  const signature = sequence.octetString('signature')
  sequence.end()
  return { key, signature }
}

interface PeerKey {
  readonly peer: PeerId
  verify(data: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>
}

/** A protobuf PublicKey. Throws TlsError `bad_certificate` for what is none. */
const peerKeyOf = (key: Uint8Array, provider: CryptoProvider): PeerKey => {
  try {
    // @libp2p/crypto writes and reads ECDSA keys in a form of its own, and not as SubjectPublicKeyInfo.
    if (key[0] === TYPE_FIELD && key[1] === ECDSA) return ecdsaKeyOf(key, provider)
    const publicKey = publicKeyFromProtobuf(key)
    return {
      peer: peerIdFromPublicKey(publicKey),
      verify: (data, signature) => publicKey.verify(data, signature),
    }
  } catch (cause) {
    throw bad("the peer's key in the certificate cannot be read", cause)
  }
}

/** Fields of the protobuf (required KeyType Type = 1, required bytes Data = 2), and the type ECDSA. */
const [TYPE_FIELD, DATA_FIELD, ECDSA] = [0x08, 0x12, 3]
/** AlgorithmIdentifier ecdsa-with-SHA256 (RFC 5758 section 3.2). */
const ecdsaWithSha256 = derSequence(derOid('1.2.840.10045.4.3.2'))

const ecdsaKeyOf = (key: Uint8Array, provider: CryptoProvider): PeerKey => {
  const [, , field, first = 0, second = 0] = key
  const length = first < 0x80 ? first : (first & 0x7f) | (second << 7)
  const spki = key.subarray(first < 0x80 ? 4 : 5)
  const { sha256 } = provider.hashes
  if (field !== DATA_FIELD || second >= 0x80 || spki.length !== length || sha256 === undefined)
    throw bad('malformed protobuf of an ECDSA key')
  const publicKey = parsePublicKey(spki)
  const digest = Uint8Array.from(sha256.digest(key))
  const multihash = { code: 0x12, size: 32, digest, bytes: Uint8Array.of(0x12, 32, ...digest) } as const
  return {
    peer: peerIdFromMultihash(multihash),
    verify: (data, signature) =>
      run(verifySignature(provider, publicKey, { tbs: data, signatureAlgorithm: ecdsaWithSha256, signature })),
  }
}
