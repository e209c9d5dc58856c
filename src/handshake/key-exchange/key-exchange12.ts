// The key exchanges of TLS 1.2, both sides: ECDHE with a fresh key each (RFC 8422 section 5.4, 5.7), and static RSA
// with implicit rejection (RFC 5246 section 7.4.7.1).

import type { ActiveGroup, CommonConfig } from '../../config.ts'
import type { KeyExchange, PublicKey } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import type { Identity } from '../../options.ts'
import { concat } from '../../wire/bytes.ts'
import { decode, encode } from '../../wire/codec.ts'
import {
  clientEcdhPoint,
  encryptedPremaster,
  namedCurveParams,
  serverEcdhParams,
  signedEcdhParams,
} from '../../wire/key-exchange12.ts'
import { namedGroupName } from '../../wire/registry.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import { signer12, verifySignature } from '../auth/authentication.ts'
import type { VerifiedPeer, VerifiedSignature } from '../auth/authentication.ts'
import { sign } from '../auth/signatures.ts'
import type { Parameters12 } from '../connection/connection12.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { signatures12, schemes12 } from './schemes12.ts'

/** What ServerKeyExchange signs: both randoms, so that no other handshake can use it (RFC 8422 section 5.4). */
const signedParams = ({ clientRandom, serverRandom }: Parameters12, params: Uint8Array): Uint8Array =>
  concat(clientRandom, serverRandom, params)

/** The server's share, proven by its certificate. */
export interface ServerShare {
  readonly group: ActiveGroup
  readonly point: Uint8Array
  readonly signature: VerifiedSignature
}

/** Client: reads ServerKeyExchange. The group has to be one that we offered, for TLS 1.2. */
export function* readServerShare(
  config: CommonConfig,
  body: Uint8Array,
  parameters: Parameters12,
  peer: VerifiedPeer,
  offeredGroups: readonly number[],
): Flow<ServerShare> {
  const { params, scheme, signature } = decode(signedEcdhParams, body, 'ServerKeyExchange')
  const group = config.groups.find(({ id, tls13Only }) => id === params.group && !tls13Only)
  if (!group || !offeredGroups.includes(params.group)) {
    throw new TlsError('illegal_parameter', `ServerKeyExchange: group ${namedGroupName(params.group)} was not offered`)
  }
  const content = signedParams(parameters, encode(serverEcdhParams, params))
  const signer = signer12(peer, schemes12(config))
  const verified = yield* verifySignature(config, signer, { scheme, signature, content }, signatures12)
  return { group, point: params.point, signature: verified }
}

export interface ClientExchange {
  /** The body of ClientKeyExchange. */
  readonly body: Uint8Array
  readonly premaster: Uint8Array
}

export function* completeEcdhe({ group, point }: ServerShare): Flow<ClientExchange> {
  const exchange = yield* use(group.start())
  const premaster = yield* use(exchange.complete(point))
  return { body: encode(clientEcdhPoint, exchange.share), premaster }
}

const PREMASTER_LENGTH = 48
/** Bytes of PKCS#1 v1.5 padding at least (RFC 8017 section 7.2.1). */
const MIN_PADDING = 11

/** Client, static RSA: a premaster secret of the version offered and 46 random bytes, under the certificate's key. */
export function* encryptPremaster(config: CommonConfig, offeredVersion: number, key: PublicKey): Flow<ClientExchange> {
  const { provider } = config
  const length = key.rsa?.modulus.length ?? 0
  if (!provider.rsaEncryptRaw || length < PREMASTER_LENGTH + MIN_PADDING) {
    throw new TlsError('unsupported_certificate', "the RSA key of the certificate can't encrypt a premaster secret")
  }
  const premaster = concat(
    Uint8Array.of(offeredVersion >> 8, offeredVersion & 0xff),
    provider.random(PREMASTER_LENGTH - 2),
  )
  const padding = nonZero(provider, length - PREMASTER_LENGTH - 3)
  const padded = concat(Uint8Array.of(0, 2), padding, Uint8Array.of(0), premaster)
  return { body: encode(encryptedPremaster, yield* use(provider.rsaEncryptRaw(key, padded))), premaster }
}

const nonZero = (provider: CommonConfig['provider'], length: number): Uint8Array => {
  const bytes = provider.random(length)
  while (bytes.includes(0)) {
    const more = provider.random(length)
    for (let i = 0; i < length; i++) if (bytes[i] === 0) bytes[i] = more[i] ?? 0
  }
  return bytes
}

/** Server: makes a key pair for this handshake only (a reused one is what Raccoon needs). */
export interface ServerExchange {
  readonly exchange: KeyExchange
  /** The body of ServerKeyExchange. */
  readonly body: Uint8Array
}

export function* signServerShare(
  group: ActiveGroup,
  parameters: Parameters12,
  identity: Identity,
  scheme: SignatureScheme,
): Flow<ServerExchange> {
  const exchange = yield* use(group.start())
  const params = namedCurveParams(group.id, exchange.share)
  const signature = yield* sign(identity, scheme, signedParams(parameters, encode(serverEcdhParams, params)))
  return { exchange, body: encode(signedEcdhParams, { params, scheme: scheme.id, signature }) }
}

/** Server: the premaster secret of a ClientKeyExchange with ECDHE. */
export function* ecdhePremaster(exchange: KeyExchange, body: Uint8Array): Flow<Uint8Array> {
  return yield* use(exchange.complete(decode(clientEcdhPoint, body, 'ClientKeyExchange')))
}

/**
 * Server, static RSA: what the client encrypted; or random bytes if it is anything but a well padded premaster secret
 * of the right version, by the same steps. The handshake then fails at Finished, as for any wrong key (Bleichenbacher,
 * ROBOT). */
export function* decryptPremaster(
  config: CommonConfig,
  identity: Identity,
  offeredVersion: number,
  body: Uint8Array,
): Flow<Uint8Array> {
  const instead = config.provider.random(PREMASTER_LENGTH)
  const length = Math.ceil(identity.keyBits / 8)
  const ciphertext = decode(encryptedPremaster, body, 'ClientKeyExchange')
  let padded: Uint8Array = new Uint8Array(length)
  try {
    const decrypted = yield* use(identity.signer.rsaDecryptRaw?.(ciphertext) ?? padded)
    if (decrypted.length === length) padded = decrypted
  } catch {
    // a ciphertext that is no number below the modulus: goes on with zeros, which are no padding
  }
  return premasterOf(padded, offeredVersion, instead)
}

/** Looks at every byte whatever the others are, and picks one of the two secrets by a mask. */
const premasterOf = (padded: Uint8Array, version: number, instead: Uint8Array): Uint8Array => {
  const start = padded.length - PREMASTER_LENGTH
  let wrong = (padded[0] ?? 1) | ((padded[1] ?? 0) ^ 2) | (padded[start - 1] ?? 1)
  for (let i = 2; i < start - 1; i++) wrong |= (((padded[i] ?? 0) - 1) >>> 8) & 1
  wrong |= ((padded[start] ?? 0) ^ (version >> 8)) | ((padded[start + 1] ?? 0) ^ (version & 0xff))
  const keep = ((wrong - 1) >>> 31) * 0xff // 0xff if nothing is wrong
  return instead.map((byte, i) => ((padded[start + i] ?? 0) & keep) | (byte & ~keep))
}
