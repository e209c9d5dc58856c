// What keeps extension points usable: reserved values that a peer has to ignore (GREASE, RFC 8701), and extensions
// in random order (RFC 9846 section 4.3).

import type { ClientConfig, CommonConfig } from '../config.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { ClientHelloExtensions, RawExtension } from '../wire/extensions.ts'
import { extensionTypes } from '../wire/registry.ts'

/** What varies at random in the ClientHellos of one connection: the same in both, as RFC 9846 section 4.2.2 demands. */
export interface HelloVariation {
  readonly grease: GreaseValues | undefined
  /** Where each extension type goes. */
  readonly ranks: ReadonlyMap<number, number> | undefined
}

/** Draws the random values; a config without `grease` and `permuteExtensions` draws none. */
export const drawVariation = (config: ClientConfig): HelloVariation => ({
  grease: config.grease ? greaseValues(config.provider.random(6)) : undefined,
  ranks: config.permuteExtensions ? randomRanks(config.provider) : undefined,
})

export const greasedSuites = ({ grease }: HelloVariation, suites: readonly number[]): readonly number[] =>
  grease ? [grease.suite, ...suites] : suites

export const greasedHelloValues = (
  { grease }: HelloVariation,
  extensions: ClientHelloExtensions,
): ClientHelloExtensions => (grease ? withGrease(extensions, grease) : extensions)

/**
 * In their order, with a reserved extension without data first and one with a byte last: servers are known that fail on
 * an empty last one.
 */
export const orderedExtensions = (
  { grease, ranks }: HelloVariation,
  list: readonly RawExtension[],
): readonly RawExtension[] => {
  const ordered = ranks ? list.toSorted((a, b) => (ranks.get(a.type) ?? 0) - (ranks.get(b.type) ?? 0)) : list
  if (!grease) return ordered
  return [{ type: grease.first, data: new Uint8Array(0) }, ...ordered, { type: grease.last, data: new Uint8Array(1) }]
}

type GreaseValues = Readonly<Record<'suite' | 'group' | 'scheme' | 'version' | 'first' | 'last', number>>

const greaseValues = ([
  suite = 0,
  group = 0,
  scheme = 0,
  version = 0,
  first = 0,
  last = 0,
]: Uint8Array): GreaseValues => ({
  suite: reserved(suite),
  group: reserved(group),
  scheme: reserved(scheme),
  version: reserved(version),
  first: reserved(first),
  last: reserved(last) === reserved(first) ? reserved(last ^ 0x10) : reserved(last), // no type twice (section 5)
})

/** One of 0x0A0A, 0x1A1A, ... 0xFAFA (section 2). */
const reserved = (random: number): number => ((random & 0xf0) | 0x0a) * 0x0101

/** Each list with a reserved value in front (section 3.1); the key share for the reserved group is one byte. */
const withGrease = (
  extensions: ClientHelloExtensions,
  { group, scheme, version }: GreaseValues,
): ClientHelloExtensions => {
  const {
    supported_groups: groups,
    signature_algorithms: schemes,
    key_share: shares,
    supported_versions: versions,
  } = extensions
  return {
    ...extensions,
    ...(groups && { supported_groups: [group, ...groups] }),
    ...(schemes && { signature_algorithms: [scheme, ...schemes] }),
    ...(shares && { key_share: [{ group, keyExchange: new Uint8Array(1) }, ...shares] }),
    ...(versions && { supported_versions: [version, ...versions] }),
  }
}

/** A shuffle (Fisher and Yates) of the extension types there are: where each goes, the cookie of a second hello too. */
const randomRanks = (provider: CryptoProvider): ReadonlyMap<number, number> => {
  const types: number[] = Object.values(extensionTypes)
  const random = provider.random(2 * types.length)
  for (let last = types.length - 1; last > 0; last--) {
    const chosen = (((random[2 * last] ?? 0) << 8) | (random[2 * last + 1] ?? 0)) % (last + 1)
    const moved = types[last] ?? 0
    types[last] = types[chosen] ?? 0
    types[chosen] = moved
  }
  return new Map(types.map((type, index) => [type, index]))
}

/** A server's reserved extension for CertificateRequest and NewSessionTicket (section 4.1); none without the option. */
export const greaseExtension = ({ grease, provider }: CommonConfig): readonly RawExtension[] =>
  grease ? [{ type: reserved(provider.random(1)[0] ?? 0), data: new Uint8Array(0) }] : []

/**
 * A server's signature schemes for CertificateRequest, with a reserved one in front where the option is on (section
 * 4.1).
 */
export const greasedSchemes = ({ grease, provider }: CommonConfig, schemes: readonly number[]): readonly number[] =>
  grease ? [reserved(provider.random(1)[0] ?? 0), ...schemes] : schemes
