// Weaknesses that follow from the versions and suites that were found.

import { describeCipherSuite } from '../../inspect/describe.ts'
import { SSL30, TLS10, TLS12, TLS13 } from '../../wire/registry.ts'
import type { SuiteFinding } from './protocols.ts'
import type { Known, Verdict, Weakness } from './weakness.ts'

const has = (known: Known, version: number): boolean =>
  known.versions.some(({ id, offered }) => id === version && offered)
const namesOf = (ids: readonly number[]): string =>
  [...new Set(ids)].map((id) => describeCipherSuite(id).name).join(', ')

/** Suites up to TLS 1.2 that `matches`, by version. */
const suitesWith = (
  known: Known,
  matches: (suite: ReturnType<typeof describeCipherSuite>) => boolean,
  upTo = TLS12,
): readonly number[] => [
  ...new Set(
    known.suites
      .filter(({ version }) => version <= upTo)
      .flatMap(({ suites }) => suites.filter((id) => matches(describeCipherSuite(id)))),
  ),
]

const bySuites = (name: string, source: string, found: readonly number[], verdict: Verdict, none: string): Weakness =>
  found.length > 0
    ? { name, source, verdict, because: namesOf(found) }
    : { name, source, verdict: 'not vulnerable', because: none }

/** Those that follow from versions and suites. */
export const knownWeaknesses = (known: Known): readonly Weakness[] => {
  const cbc = (version: number) =>
    known.suites
      .filter((finding) => finding.version === version)
      .flatMap(({ suites }) => suites.filter((id) => describeCipherSuite(id).weaknesses.includes('CBC')))
  const weak = (...words: readonly string[]) =>
    suitesWith(known, ({ weaknesses }) => words.some((word) => weaknesses.includes(word)))
  const sslv2 = known.versions[0]?.offered === true
  return [
    {
      name: 'DROWN',
      source: 'CVE-2016-0800',
      verdict: sslv2 ? 'vulnerable' : 'not vulnerable',
      because: sslv2 ? 'SSL 2.0 is offered' : 'no SSL 2.0',
    },
    bySuites(
      'POODLE',
      'CVE-2014-3566',
      has(known, SSL30) ? cbc(SSL30) : [],
      'vulnerable',
      has(known, SSL30) ? 'SSL 3.0 without CBC' : 'no SSL 3.0',
    ),
    bySuites('BEAST', 'CVE-2011-3389', [...cbc(SSL30), ...cbc(TLS10)], 'vulnerable', 'no CBC in SSL 3.0 and TLS 1.0'),
    bySuites(
      'SWEET32',
      'CVE-2016-2183',
      weak('3DES', 'DES', 'IDEA', 'RC2'),
      'vulnerable',
      'no cipher with blocks of 64 bits',
    ),
    bySuites(
      'FREAK',
      'CVE-2015-0204',
      suitesWith(known, ({ name }) => /^TLS_RSA_EXPORT/.test(name)),
      'vulnerable',
      'no RSA EXPORT suite',
    ),
    bySuites('RC4', 'RFC 7465', weak('RC4'), 'vulnerable', 'no RC4'),
    bySuites('LUCKY13', 'CVE-2013-0169', weak('CBC'), 'potentially vulnerable', 'no CBC suite'),
    bySuites('NULL', 'RFC 9325 section 4.1', weak('NULL'), 'vulnerable', 'no suite without encryption'),
    bySuites('anonymous', 'RFC 9325 section 4.1', weak('anonymous'), 'vulnerable', 'no suite without authentication'),
    bySuites('EXPORT', 'RFC 9325 section 4.1', weak('EXPORT'), 'vulnerable', 'no EXPORT suite'),
    logjam(known),
    raccoon(known),
    breach(known),
  ]
}

/** Bits of a prime. */
export const primeBits = (prime: Uint8Array): number => {
  const first = prime.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : (prime.length - first) * 8 - Math.clz32(prime[first] ?? 0) + 24
}

/** Of suites with authentication: the others are broken anyway, and their groups no clue to the others'. */
export const dhHellos = (suites: readonly SuiteFinding[]) =>
  suites
    .flatMap(({ hellos }) => hellos)
    .filter(
      ({ prime, version, suite }) => prime && version !== TLS13 && describeCipherSuite(suite).authentication !== 'anon',
    )

const logjam = (known: Known): Weakness => {
  const source = 'CVE-2015-4000'
  const exports = suitesWith(known, ({ name }) => /^TLS_DHE_.*EXPORT/.test(name))
  const bits = dhHellos(known.suites).map(({ prime }) => primeBits(prime ?? new Uint8Array(0)))
  const least = Math.min(...bits)
  if (exports.length > 0) return { name: 'LOGJAM', source, verdict: 'vulnerable', because: namesOf(exports) }
  if (bits.length > 0 && least <= 1024)
    return {
      name: 'LOGJAM',
      source,
      verdict: least <= 768 ? 'vulnerable' : 'potentially vulnerable',
      because: `a Diffie-Hellman group of ${least} bits`,
    }
  return {
    name: 'LOGJAM',
    source,
    verdict: 'not vulnerable',
    because: bits.length > 0 ? `no DHE EXPORT suite, groups of ${least} bits and more` : 'no DHE',
  }
}

/** A server that uses a DHE key twice lets the timing of leading zeros be measured. */
const raccoon = (known: Known): Weakness => {
  const source = 'CVE-2020-1968'
  const keys = dhHellos(known.suites).flatMap(({ publicValue }) => publicValue ?? [])
  if (keys.length === 0) return { name: 'Raccoon', source, verdict: 'not vulnerable', because: 'no DHE' }
  const hexes = keys.map((key) => Buffer.from(key).toString('hex'))
  const reused = new Set(hexes).size < hexes.length
  if (keys.length < 2) return { name: 'Raccoon', source, verdict: 'unknown', because: 'one key exchange only was seen' }
  return {
    name: 'Raccoon',
    source,
    verdict: reused ? 'vulnerable' : 'not vulnerable',
    because: reused ? 'Diffie-Hellman keys are used again' : `${keys.length} fresh Diffie-Hellman keys`,
  }
}

const breach = ({ httpCompression }: Known): Weakness => {
  const source = 'CVE-2013-3587'
  if (httpCompression === undefined)
    return { name: 'BREACH', source, verdict: 'not applicable', because: 'no HTTP answer' }
  return {
    name: 'BREACH',
    source,
    verdict: httpCompression ? 'potentially vulnerable' : 'not vulnerable',
    because: httpCompression ? 'the page / comes compressed' : 'the page / comes uncompressed',
  }
}
