// A ClientHello that looks otherwise than it would: reserved values (GREASE, RFC 8701), extensions in random order (RFC
// 9846 section 4.3), and the changes of an application.

import type { ClientConfig } from '../../config.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import { clientHelloExtensions, encodeExtensions } from '../../wire/extensions.ts'
import type { ClientHelloExtensions, RawExtension } from '../../wire/extensions.ts'
import type { ClientHello } from '../../wire/messages.ts'
import { extensionTypes } from '../../wire/registry.ts'
import { reserved } from '../grease.ts'
import { forbiddenChange } from '../second-hello.ts'
import type { HelloVariation, ShapingPart } from './client-handshake.ts'

/** Draws the random values; a config without `grease` and `permuteExtensions` draws none. */
const drawVariation = (config: ClientConfig): HelloVariation => {
  const grease = config.grease ? greaseValues(config.provider.random(6)) : undefined
  const ranks = config.permuteExtensions ? randomRanks(config.provider) : undefined
  return {
    suites: (suites) => (grease ? [grease.suite, ...suites] : suites),
    values: (extensions) => (grease ? withGrease(extensions, grease) : extensions),
    order: (list) => {
      const ordered = ranks ? list.toSorted((a, b) => (ranks.get(a.type) ?? 0) - (ranks.get(b.type) ?? 0)) : list
      return grease ? betweenReserved(ordered, grease) : ordered
    },
  }
}

/** A reserved extension without data first and one with a byte last: servers are known that fail on an empty last
 * one. */
const betweenReserved = (list: readonly RawExtension[], { first, last }: GreaseValues): readonly RawExtension[] => [
  { type: first, data: new Uint8Array(0) },
  ...list,
  { type: last, data: new Uint8Array(1) },
]

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

/** The application's own changes. Where they would make a second hello differ from the first in more than it may, it is
 * the first one again, with what the request changes (section 4.2.2). */
const shapeHello: ShapingPart['shape'] = (shape, hello, changes, first) => {
  const shaped = shape(hello)
  if (!first) return shaped
  const asked = encodeExtensions(clientHelloExtensions, changes)
  const second = withChanges(shaped, asked)
  return forbiddenChange(first, second) === undefined ? second : withChanges(first, asked)
}

const withChanges = (hello: ClientHello, changes: readonly RawExtension[]): ClientHello => {
  const dropped: readonly number[] = [extensionTypes.early_data, extensionTypes.pre_shared_key]
  const kept = (hello.extensions ?? [])
    .filter(({ type }) => !dropped.includes(type))
    .map((extension) => changes.find(({ type }) => type === extension.type) ?? extension)
  const added = changes.filter((change) => !kept.includes(change))
  return { ...hello, extensions: [...kept, ...added] }
}

export const shapingPart: ShapingPart = { vary: drawVariation, shape: shapeHello }
