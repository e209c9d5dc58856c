// Encrypted Client Hello as a caller sees it (RFC 9849): options of both sides, checked, and keys for servers.
// config.ts makes the configs, handshake/client/ech-client.ts and ech-server.ts work by them.

import { checkOptions, requireObject } from './checked-options.ts'
import type { Names } from './checked-options.ts'
import { run, use } from './crypto/maybe.ts'
import type { Steps } from './crypto/maybe.ts'
import type { CryptoProvider, KeyExchange, MaybePromise } from './crypto/provider.ts'
import { TlsError } from './errors.ts'
import { canHpke, hpkeKeyPair } from './keys/hpke-suites.ts'
import type { HpkeSuite } from './keys/hpke-suites.ts'
import { equalBytes } from './wire/bytes.ts'
import {
  decodeEchConfig,
  decodeEchConfigList,
  encodeEchConfig,
  encodeEchConfigList,
  hasMandatoryExtension,
  isPublicName,
} from './wire/ech.ts'
import type { EchConfig } from './wire/ech.ts'
import { hpkeAeads, hpkeKdfs, hpkeKems } from './wire/numbers.ts'
import { decodeBase64 } from './wire/pem.ts'

/** What a client does about its ClientHello. */
export interface EchClientOptions {
  /** ECHConfigList: bytes, or base64 as the `ech` parameter of an HTTPS record has it (RFC 9848). */
  readonly configList?: Uint8Array | string
  /** Where the list is missing or holds nothing that we can use (bytes that are no list are always `bad_option`):
   * fail with `bad_option` (the default with a list), or send an extension that only looks like ECH, which hides
   * nothing (section 6.2; the default without a list). */
  readonly unusable?: 'error' | 'grease'
}

/** One key of a server. */
export interface EchKey {
  /** One ECHConfig. */
  readonly config: Uint8Array
  /** Of the KEM: 32 bytes. */
  readonly privateKey: Uint8Array
  /** Whether clients that used another key are told to use this one. Default true. */
  readonly isRetryConfig?: boolean
}

export interface EchServerOptions {
  /** Those that generateEchKeys() made, old ones included for as long as DNS may give them out. */
  readonly keys: readonly EchKey[]
  /** Try every key, for clients that hide which one they used (section 10.4). Default false. */
  readonly ignoreConfigId?: boolean
}

/** A config that this client can use, and with what. */
export interface ChosenEchConfig extends EchConfig {
  readonly suite: HpkeSuite
}

export type EchClientConfig =
  { readonly kind: 'offer'; readonly config: ChosenEchConfig } | { readonly kind: 'grease'; readonly suite: HpkeSuite }

export interface EchServerKey {
  readonly config: EchConfig
  readonly keys: MaybePromise<KeyExchange>
}

export interface EchServerConfig {
  readonly keys: readonly EchServerKey[]
  readonly ignoreConfigId: boolean
  /** ECHConfigList for clients whose key we do not have; undefined if there is none. */
  readonly retryConfigs: Uint8Array | undefined
}

const X25519_SHA256 = { kem: hpkeKems.X25519_SHA256, kdf: hpkeKdfs.sha256 } as const
const AES_128_GCM = 1

/** Throws `bad_option` for bytes that are no list, and for a list that can't be used unless the options say
 * otherwise. */
export const echClientConfig = (
  options: EchClientOptions | undefined,
  provider: CryptoProvider,
  tls13: boolean,
): EchClientConfig | undefined => {
  if (!options) return undefined
  const { configList, unusable = configList === undefined ? 'grease' : 'error' } = options
  if (!tls13) throw new TlsError('bad_option', 'ech: it needs TLS 1.3 (RFC 9849 section 6.1)')
  const bytes = typeof configList === 'string' ? (decodeBase64(configList) ?? new Uint8Array(0)) : configList
  const config = bytes && chooseEchConfig(readList(bytes), provider)
  if (config) return { kind: 'offer', config }
  if (unusable === 'error') throw new TlsError('bad_option', 'ech.configList: none of its configs can be used')
  const suite = { ...X25519_SHA256, aead: AES_128_GCM }
  return canHpke(provider, suite) ? { kind: 'grease', suite } : undefined
}

const readList = (bytes: Uint8Array): readonly EchConfig[] => {
  try {
    return decodeEchConfigList(bytes)
  } catch (cause) {
    throw new TlsError('bad_option', 'ech.configList: it is not an ECHConfigList (RFC 9849 section 4)', { cause })
  }
}

/** The first that we can use, with the first of its suites that we can (section 6.1). */
const chooseEchConfig = (configs: readonly EchConfig[], provider: CryptoProvider): ChosenEchConfig | undefined => {
  for (const config of configs) {
    if (hasMandatoryExtension(config) || !isPublicName(config.publicName)) continue
    const suite = config.suites
      .map(({ kdf, aead }) => ({ kem: config.kem, kdf, aead }))
      .find((candidate) => canHpke(provider, candidate))
    if (suite) return { ...config, suite }
  }
  return undefined
}

/** Throws `bad_option` or `bad_key`. */
export const echServerConfig = (
  options: EchServerOptions | undefined,
  provider: CryptoProvider,
): EchServerConfig | undefined => {
  if (!options || options.keys.length === 0) return undefined
  const retry = options.keys.filter(({ isRetryConfig }) => isRetryConfig ?? true).map(({ config }) => config)
  if (retry.length === 0) {
    throw new TlsError(
      'bad_option',
      'ech.keys: all have isRetryConfig: false, and clients with older keys have to be given one (RFC 9849 section ' +
        '7.1)',
    )
  }
  return {
    keys: options.keys.map((key) => serverKey(key, provider)),
    ignoreConfigId: options.ignoreConfigId ?? false,
    retryConfigs: encodeEchConfigList(retry),
  }
}

const serverKey = ({ config, privateKey }: EchKey, provider: CryptoProvider): EchServerKey => {
  const read = readConfig(config)
  const keys = run(matching(read, hpkeKeyPair(provider, read.kem, privateKey)))
  if (keys instanceof Promise) keys.catch(() => {}) // it is thrown where it is used
  return { config: read, keys }
}

function* matching(config: EchConfig, keys: MaybePromise<KeyExchange>): Steps<KeyExchange> {
  const pair = yield* use(keys)
  if (!equalBytes(pair.share, config.publicKey)) {
    throw new TlsError('key_mismatch', 'ech.keys: a private key that does not belong to its config')
  }
  return pair
}

const readConfig = (bytes: Uint8Array): EchConfig => {
  try {
    const config = decodeEchConfig(bytes)
    if (config) return config
  } catch (cause) {
    throw new TlsError('bad_option', 'ech.keys: a config that is not an ECHConfig (RFC 9849 section 4)', { cause })
  }
  throw new TlsError('bad_option', 'ech.keys: a config of another version')
}

export interface EchKeyRequest {
  /** The name that goes in the clear; the server needs a certificate for it. */
  readonly publicName: string
  readonly provider: CryptoProvider
  /** 0 to 255, different for each key that is in use. Default: random. */
  readonly configId?: number
  /** Bytes of the longest name behind this key, 0 to 255: clients pad to it. Default 64. */
  readonly maximumNameLength?: number
}

const echKeyNames: Names<EchKeyRequest> = {
  publicName: 'string',
  provider: 'object',
  configId: 'number',
  maximumNameLength: 'number',
}

export interface EchKeys extends EchKey {
  /** ECHConfigList with the one config: what DNS publishes. */
  readonly configList: Uint8Array
}

/** A fresh X25519 key with the AEADs that the provider has (RFC 9849 section 4). Rejects with `bad_option`. */
export const generateEchKeys = async (request: EchKeyRequest): Promise<EchKeys> => {
  checkOptions(request, echKeyNames, { required: ['publicName', 'provider'], elsewhere: { name: 'publicName' } })
  const { publicName, provider, configId = provider.random(1)[0] ?? 0, maximumNameLength = 64 } = request
  if (!isPublicName(publicName))
    throw new TlsError(
      'bad_option',
      `publicName: ${JSON.stringify(publicName)} is not a host name (RFC 9849 section 6.1.7)`,
    )
  for (const [name, value] of Object.entries({ configId, maximumNameLength })) {
    if (!Number.isInteger(value) || value < 0 || value > 255)
      throw new TlsError('bad_option', `${name}: ${value}; it has to be 0 to 255`)
  }
  const privateKey = provider.random(32)
  const { share } = await hpkeKeyPair(provider, X25519_SHA256.kem, privateKey)
  const suites = Object.values(hpkeAeads)
    .map((aead) => ({ kdf: X25519_SHA256.kdf, aead }))
    .filter((suite) => canHpke(provider, { ...X25519_SHA256, ...suite }))
  const config = encodeEchConfig({
    configId,
    kem: X25519_SHA256.kem,
    publicKey: share,
    suites,
    maximumNameLength,
    publicName,
    extensions: [],
  })
  return { config, privateKey, configList: encodeEchConfigList([config]) }
}

/** `generateEchKeys` of an entry point that has a provider of its own, which `provider` replaces. */
export type GenerateEchKeys = (
  request: Omit<EchKeyRequest, 'provider'> & { readonly provider?: CryptoProvider },
) => Promise<EchKeys>

export const generateEchKeysBy =
  (provider: CryptoProvider): GenerateEchKeys =>
  async (request) => {
    requireObject(request)
    return generateEchKeys({ ...request, provider: request.provider ?? provider })
  }
