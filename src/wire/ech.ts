// What Encrypted Client Hello puts on the wire: ECHConfigList, the extension in its two forms, and the reference to
// outer extensions (RFC 9849 section 4 and 5).

import { TlsError } from '../errors.ts'
import { concat } from './bytes.ts'
import { decode, encode, list, mapped, opaque, struct, u16, u8 } from './codec.ts'
import type { Codec, Decoded } from './codec.ts'
import { latin1, utf8Bytes } from './texts.ts'
import { extensionTypes } from './registry.ts'

/** The version of an ECHConfig, which is the number of the extension. */
export const ECH_VERSION: number = extensionTypes.encrypted_client_hello

const symmetricSuite = struct({ kdf: u16, aead: u16 })
export type HpkeSymmetricSuite = Decoded<typeof symmetricSuite>

const configExtension = struct({ type: u16, data: opaque(2) })
export type EchConfigExtension = Decoded<typeof configExtension>

const configExtensions: Codec<readonly EchConfigExtension[]> = mapped(
  list(2, configExtension),
  (extensions, reader) => {
    if (new Set(extensions.map(({ type }) => type)).size !== extensions.length) {
      throw reader.fail('an ECHConfig extension that appears twice')
    }
    return extensions
  },
  (extensions) => extensions,
)

const contents = struct({
  /** 0 to 255; says which key a ClientHello is encrypted to. */
  configId: u8,
  kem: u16,
  publicKey: opaque(2, 1),
  suites: list(2, symmetricSuite, 4, 0xfffc),
  /** Bytes; 0 where it is not known. */
  maximumNameLength: u8,
  publicName: latin1(opaque(1, 1)),
  extensions: configExtensions,
})
/** ECHConfigContents (section 4). */
export type EchConfigContents = Decoded<typeof contents>

/** One ECHConfig of a version that we speak, with its bytes: they go into the key derivation. */
export interface EchConfig extends EchConfigContents {
  readonly raw: Uint8Array
}

const anyConfig = struct({ version: u16, body: opaque(2) })
const anyConfigs = list(2, anyConfig, 4)

/**
 * The ECHConfigs of a list that are of our version, in order of preference; others are ignored (section 4). Throws
 * `decode_error`.
 */
export const decodeEchConfigList = (bytes: Uint8Array): readonly EchConfig[] =>
  decode(anyConfigs, bytes, 'ECHConfigList').flatMap((config): readonly EchConfig[] =>
    config.version === ECH_VERSION
      ? [{ ...decode(contents, config.body, 'ECHConfig'), raw: encode(anyConfig, config) }]
      : [],
  )

/** One ECHConfig, without a list around it. Throws `decode_error`; undefined for a version that is not ours. */
export const decodeEchConfig = (bytes: Uint8Array): EchConfig | undefined => {
  const config = decode(anyConfig, bytes, 'ECHConfig')
  return config.version === ECH_VERSION ? { ...decode(contents, config.body, 'ECHConfig'), raw: bytes } : undefined
}

export const encodeEchConfig = (config: EchConfigContents): Uint8Array =>
  encode(anyConfig, { version: ECH_VERSION, body: encode(contents, config) })

/** `configs` are whole ECHConfigs, in order of preference. */
export const encodeEchConfigList = (configs: readonly Uint8Array[]): Uint8Array =>
  encode(
    anyConfigs,
    configs.map((config) => decode(anyConfig, config, 'ECHConfig')),
  )

/** An extension with the high bit set has to be understood, and we understand none (section 4.2). */
export const hasMandatoryExtension = ({ extensions }: EchConfigContents): boolean =>
  extensions.some(({ type }) => type >= 0x8000)

/** Section 6.1.7: dot-separated LDH labels, the last of which can't be taken for part of an IPv4 address. */
export const isPublicName = (name: string): boolean => {
  const labels = name.split('.')
  const last = labels.at(-1) ?? ''
  return labels.every((label) => /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i.test(label)) && !/^(\d+|0x[\da-f]*)$/i.test(last)
}

const outer = struct({
  suite: symmetricSuite,
  configId: u8,
  /** Empty after a HelloRetryRequest. */
  enc: opaque(2),
  payload: opaque(2, 1),
})
/** The extension of a ClientHelloOuter (section 5). */
export type EchOuter = Decoded<typeof outer>

export const ECH_INNER: Uint8Array = Uint8Array.of(1)

export const encodeEchOuter = (value: EchOuter): Uint8Array => Uint8Array.of(0, ...encode(outer, value))

/**
 * What a ClientHello's extension is. Throws `illegal_parameter` for a type that there is not, `decode_error` for a
 * wrong form.
 */
export const decodeEch = (data: Uint8Array): EchOuter | 'inner' => {
  const what = 'ClientHello, extension encrypted_client_hello'
  const [type] = data
  if (type === undefined) throw new TlsError('decode_error', `${what}: it is empty`)
  if (type > 1) throw new TlsError('illegal_parameter', `${what}: type ${type} (RFC 9849 section 7)`)
  if (type === 0) return decode(outer, data.subarray(1), what)
  if (data.length > 1) throw new TlsError('decode_error', `${what}: the inner form has no payload`)
  return 'inner'
}

/** OuterExtensions<2..254> (section 5.1). */
export const outerExtensions: Codec<readonly number[]> = list(1, u16, 2)

/** What the HPKE context is made for; `config` is a whole ECHConfig (section 6.1). */
export const echInfo = (config: Uint8Array): Uint8Array => concat(utf8Bytes('tls ech'), Uint8Array.of(0), config)
