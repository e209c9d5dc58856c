// What keeps extension points usable: reserved values that a peer has to pass over (GREASE, RFC 8701), and extensions
// in an order of chance (RFC 9846 section 4.3).

import type { ClientConfig, CommonConfig } from '../config.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { ClientHelloExtensions, RawExtension } from '../wire/extensions.ts'
import { extensionTypes } from '../wire/registry.ts'

/** How the ClientHellos of one connection are dressed: a second one as the first, as RFC 9846 section 4.2.2 wants. */
export interface HelloShape {
  readonly suites: (suites: readonly number[]) => readonly number[]
  readonly values: (extensions: ClientHelloExtensions) => ClientHelloExtensions
  readonly list: (extensions: readonly RawExtension[]) => readonly RawExtension[]
}

/** Draws what chance decides; a config without `grease` and `permuteExtensions` draws nothing. */
export const helloShape = (config: ClientConfig): HelloShape => {
  const grease = config.grease ? clientValues(config.provider.random(6)) : undefined
  const rank = config.permuteExtensions ? randomRanks(config.provider) : undefined
  const ordered = (list: readonly RawExtension[]): readonly RawExtension[] =>
    rank ? list.toSorted((a, b) => (rank.get(a.type) ?? 0) - (rank.get(b.type) ?? 0)) : list
  if (!grease) return { suites: (suites) => suites, values: (extensions) => extensions, list: ordered }
  return {
    suites: (suites) => [grease.suite, ...suites],
    values: (extensions) => withGrease(extensions, grease),
    // a first one without data, a last one with a byte: servers are known that trip over an empty last extension
    list: (list) => [{ type: grease.first, data: new Uint8Array(0) }, ...ordered(list), { type: grease.last, data: new Uint8Array(1) }],
  }
}

type ClientValues = Readonly<Record<'suite' | 'group' | 'scheme' | 'version' | 'first' | 'last', number>>

const clientValues = ([suite = 0, group = 0, scheme = 0, version = 0, first = 0, last = 0]: Uint8Array): ClientValues => ({
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
const withGrease = (extensions: ClientHelloExtensions, { group, scheme, version }: ClientValues): ClientHelloExtensions => {
  const { supported_groups: groups, signature_algorithms: schemes, key_share: shares, supported_versions: versions } = extensions
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

/** A server's signature schemes for CertificateRequest, with a reserved one in front where the option is on (section 4.1). */
export const greasedSchemes = ({ grease, provider }: CommonConfig, schemes: readonly number[]): readonly number[] =>
  grease ? [reserved(provider.random(1)[0] ?? 0), ...schemes] : schemes
