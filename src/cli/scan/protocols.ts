// What a server speaks: versions, suites by preference, groups, signature schemes.

import { describeCipherSuite, describeGroup, describeSignatureScheme, describeVersion } from '../../inspect/describe.ts'
import { groupRows, schemeRows } from '../../inspect/names/small.ts'
import { ianaSuites } from '../../inspect/names/suites.ts'
import { SSL30, TLS10, TLS12, TLS13, versions as versionNumbers } from '../../wire/registry.ts'
import type { Prober } from './prober.ts'
import { SSL_AND_TLS, sslv2Hello } from './raw.ts'
import type { Answer } from './raw.ts'

/** All suites of the registry, but for signals. */
export const allSuites = (): readonly number[] =>
  [...ianaSuites()].filter(([, name]) => !name.endsWith('SCSV')).map(([id]) => id)
const suites13 = (): readonly number[] => allSuites().filter((id) => describeCipherSuite(id).tls13)
const older = (): readonly number[] => allSuites().filter((id) => !describeCipherSuite(id).tls13)

/** AEAD and SHA-2 suites came with TLS 1.2 (RFC 5246 section 1.2). */
const suitesFor = (version: number): readonly number[] =>
  version === TLS13
    ? suites13()
    : version === TLS12
      ? older()
      : older().filter((id) => !describeCipherSuite(id).aead && !/^SHA(256|384)/.test(describeCipherSuite(id).hash))

/** Some servers take no hello of more than 128 suites. */
const CHUNK = 100
const chunks = (ids: readonly number[]): readonly (readonly number[])[] =>
  Array.from({ length: Math.ceil(ids.length / CHUNK) }, (_, i) => ids.slice(i * CHUNK, (i + 1) * CHUNK))

/** Suites that most servers have first, so that the first hello is answered. */
const likely: readonly RegExp[] = [
  /^TLS_ECDHE_.*GCM/,
  /^TLS_ECDHE_.*POLY/,
  /^TLS_ECDHE_(RSA|ECDSA).*CBC/,
  /^TLS_RSA_WITH_AES/,
  /^TLS_DHE_RSA/,
]
const rank = (id: number): number => {
  const found = likely.findIndex((pattern) => pattern.test(describeCipherSuite(id).name))
  return found < 0 ? likely.length : found
}
const sorted = (ids: readonly number[]): readonly number[] => ids.toSorted((a, b) => rank(a) - rank(b))

type Hello = Extract<Answer, { kind: 'hello' }>

export interface VersionFinding {
  readonly id: number
  readonly name: string
  readonly offered: boolean
  /** A lower version that came instead. */
  readonly downgradedTo: string | undefined
  readonly first: Hello | undefined
}

const SSL20 = 2

/** SSL 2.0 and 3.0, TLS 1.0 to 1.3. */
export const findVersions = async (prober: Prober): Promise<readonly VersionFinding[]> => {
  await prober.say('versions')
  const ssl2 = await prober.raw(async (connection) => {
    connection.send(sslv2Hello())
    const [first = 0, , type] = await connection.first(5)
    return first >= 128 && type === 4
  })
  const found: VersionFinding[] = [
    { id: SSL20, name: describeVersion(SSL20).name, offered: ssl2, downgradedTo: undefined, first: undefined },
  ]
  for (const version of SSL_AND_TLS) {
    let first: Hello | undefined
    let lower: number | undefined
    for (const suites of chunks(sorted(suitesFor(version)))) {
      const answer = await prober.ask({ version, suites })
      if (answer.kind !== 'hello') continue
      if (answer.version === version) first = answer
      else lower = answer.version
      break
    }
    const downgradedTo = lower === undefined ? undefined : describeVersion(lower).name
    found.push({ id: version, name: describeVersion(version).name, offered: first !== undefined, downgradedTo, first })
  }
  return found
}

export interface SuiteFinding {
  readonly version: number
  /** In the server's order, or in the order in which it took ours. */
  readonly suites: readonly number[]
  /** 'server': it has an order of its own; 'client': it takes the client's; undefined if there is one suite only. */
  readonly order: 'server' | 'client' | undefined
  readonly hellos: readonly Hello[]
}

/** Every suite of one version: all are offered, and the one that is taken is left out next time. */
export const findSuites = async (prober: Prober, version: number): Promise<SuiteFinding> => {
  await prober.say(`suites of ${describeVersion(version).name}`)
  const found: Hello[] = []
  for (const chunk of chunks(sorted(suitesFor(version)))) found.push(...(await takenOf(prober, version, chunk)))
  const ids = found.map(({ suite }) => suite)
  if (ids.length < 2) return { version, suites: ids, order: undefined, hellos: found }
  const forward = await prober.ask({ version, suites: ids })
  const backward = await prober.ask({ version, suites: ids.toReversed() })
  const chosen = [forward, backward].map((answer) => (answer.kind === 'hello' ? answer.suite : undefined))
  // a server that puts ChaCha20 first for clients that do has an order of its own all the same
  const order = chosen[0] === chosen[1] || isChaCha(chosen[1]) ? await checkedOrder(prober, version, ids) : 'client'
  const suites =
    order === 'server' && ids.length > 2 ? (await takenOf(prober, version, ids)).map(({ suite }) => suite) : ids
  return { version, suites: suites.length === ids.length ? suites : ids, order, hellos: found }
}

const isChaCha = (id: number | undefined): boolean =>
  id !== undefined && describeCipherSuite(id).cipher.startsWith('CHACHA20')

/** Asks again without ChaCha20. */
const checkedOrder = async (
  prober: Prober,
  version: number,
  ids: readonly number[],
): Promise<'server' | 'client' | undefined> => {
  const plain = ids.filter((id) => !isChaCha(id))
  if (plain.length < 2) return plain.length === ids.length ? 'server' : undefined
  const [forward, backward] = [
    await prober.ask({ version, suites: plain }),
    await prober.ask({ version, suites: plain.toReversed() }),
  ]
  if (forward.kind !== 'hello' || backward.kind !== 'hello') return undefined
  return forward.suite === backward.suite ? 'server' : 'client'
}

const takenOf = async (prober: Prober, version: number, offered: readonly number[]): Promise<readonly Hello[]> => {
  const found: Hello[] = []
  let left = [...offered]
  while (left.length > 0) {
    const answer = await prober.ask({ version, suites: left })
    if (answer.kind !== 'hello' || answer.version !== version || !left.includes(answer.suite)) break
    found.push(answer)
    left = left.filter((id) => id !== answer.suite)
  }
  return found
}

/** Groups that are worth a question: all of the registry but for reserved ones. */
const allGroups = (): readonly number[] =>
  Object.keys(groupRows)
    .map(Number)
    .filter((id) => !describeGroup(id).name.startsWith('arbitrary'))

/** Groups of a version, in the order in which the server takes them when all are offered. */
export const findGroups = async (
  prober: Prober,
  version: number,
  suites: readonly number[],
): Promise<readonly number[]> => {
  const curves = suites.filter((id) => version === TLS13 || /^ECDHE/.test(describeCipherSuite(id).keyExchange))
  if (curves.length === 0) return []
  await prober.say(`groups of ${describeVersion(version).name}`)
  const found: number[] = []
  // ML-KEM goes first: servers that have it prefer it, and the others ignore it
  let left = allGroups()
    .filter((id) => version === TLS13 || (id < 256 && !/tls13$/.test(describeGroup(id).name)))
    .toReversed()
  while (left.length > 0) {
    const answer = await prober.ask({ version, suites: curves, groups: left })
    if (answer.kind !== 'hello' || answer.group === undefined || !left.includes(answer.group)) break
    const { group } = answer
    found.push(group)
    left = left.filter((id) => id !== group)
  }
  return found
}

/** Schemes that a server of TLS 1.2 signs its key exchange with. */
export const findSchemes12 = async (prober: Prober, suites: readonly number[]): Promise<readonly number[]> => {
  const signed = suites.filter((id) => /^(ECDHE|DHE)$/.test(describeCipherSuite(id).keyExchange))
  if (signed.length === 0) return []
  await prober.say('signature schemes of TLS 1.2')
  const found: number[] = []
  let left = Object.keys(schemeRows)
    .map(Number)
    .filter((id) => !/none|anonymous/.test(describeSignatureScheme(id).name))
  while (left.length > 0) {
    const answer = await prober.ask({ version: TLS12, suites: signed, schemes: left })
    if (answer.kind !== 'hello' || answer.scheme === undefined || !left.includes(answer.scheme)) break
    const { scheme } = answer
    found.push(scheme)
    left = left.filter((id) => id !== scheme)
  }
  return found
}

export const isOld = (version: number): boolean =>
  version === SSL30 || version === TLS10 || version === versionNumbers['TLS 1.1']
