// node test/fuzz/x509.ts --seconds 600 [--seed N] [--target parser|paths]: seeded mutation of certificates through
// parsing, printing and every rule, and random graphs of CAs through the path builder. x509.test.ts runs a short part
// of it.

import { readFileSync } from 'node:fs'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { TlsError } from '../../src/errors.ts'
import { derElement, derInteger, derOid, derSequence } from '../../src/wire/der.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { certificateCoversName, parseCertificate, verifyChain } from '../../src/x509/index.ts'
import type { Certificate, ProfileName, VerifyOptions } from '../../src/x509/index.ts'
import { pathAlone, ruleTools } from '../../src/x509/profiles.ts'
import { malformedConstraint, strictProfiles } from '../../src/x509/strict-rules.ts'
import { webPki } from '../../src/x509/profile.ts'
import { checkCertificate } from '../../src/x509/rules.ts'
import {
  altNames,
  basic,
  certSign,
  constraints,
  dns,
  extension,
  fixedKeys,
  keyIdentifiers,
  make,
  name,
  now,
  purposes,
} from '../x509/make.ts'
import type { Keys, Made } from '../x509/make.ts'

export interface Random {
  /** An integer from 0 to below `n`. */
  below(n: number): number
  pick<T>(list: readonly T[]): T
}

/** Mulberry32: the same numbers for the same seed. */
export const random = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  return {
    below,
    pick: (list) => {
      const item = list[below(list.length)]
      if (item === undefined) throw new RangeError('an empty list')
      return item
    },
  }
}

/** Certificates of the limbo cases, each once. */
export const corpus = (): Uint8Array[] => {
  const file = readFileSync(new URL('../../vectors/limbo/limbo.json.gz', import.meta.url))
  const pems =
    gunzipSync(file)
      .toString()
      .match(/-----BEGIN CERTIFICATE-----[^"]*?-----END CERTIFICATE-----/g) ?? []
  return [...new Set(pems)]
    .flatMap((pem) => decodePem(pem.replaceAll('\\n', '\n')))
    .map(({ bytes }) => bytes)
    .filter(({ length }) => length < 4000)
}

const interesting = [
  0, 1, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff, 0xa0, 0xa3, 0x02, 0x03, 0x05, 0x06, 0x13, 0x17, 0x18,
]

/** A few changes: bytes, runs taken out, doubled or put in from another certificate. */
export const mutate = (input: Uint8Array, others: readonly Uint8Array[], r: Random): Uint8Array => {
  let bytes = Array.from(input)
  for (let changes = 1 + r.below(4); changes > 0; changes--) {
    const at = r.below(bytes.length)
    const run = 1 + r.below(8)
    switch (r.below(6)) {
      case 0:
        bytes[at] = r.below(256)
        break
      case 1:
        bytes[at] = r.pick(interesting)
        break
      case 2:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << r.below(8))
        break
      case 3:
        bytes.splice(at, run)
        break
      case 4:
        bytes.splice(at, 0, ...bytes.slice(at, at + run))
        break
      default: {
        const other = r.pick(others)
        const from = r.below(other.length)
        bytes.splice(at, run, ...other.subarray(from, from + run))
      }
    }
    if (bytes.length === 0) bytes = [0x30]
  }
  return Uint8Array.from(bytes)
}

/** Runs `action`; a TlsError is an answer, everything else is a find. */
const allowTlsError = (action: () => unknown): void => {
  try {
    action()
  } catch (error) {
    if (!(error instanceof TlsError) || error.code === 'internal_error') throw error
  }
}

const properties = [
  'publicKey',
  'basicConstraints',
  'keyUsage',
  'extendedKeyUsage',
  'subjectAltNames',
  'issuerAltNames',
  'nameConstraints',
  'certificatePolicies',
  'policyMappings',
  'policyConstraints',
  'inhibitAnyPolicy',
  'subjectKeyIdentifier',
  'authorityKeyIdentifier',
  'authorityInfoAccess',
  'subjectInfoAccess',
  'crlDistributionPoints',
  'freshestCrl',
  'tlsFeatures',
  'sctList',
  'isSelfIssued',
] as const satisfies readonly (keyof Certificate)[]

/** One input through everything that reads certificates. */
export const parserTarget = (der: Uint8Array): void => {
  let certificate: Certificate | undefined
  allowTlsError(() => (certificate = parseCertificate(der)))
  const parsed = certificate
  if (parsed === undefined) return
  for (const property of properties) allowTlsError(() => parsed[property])
  for (const profile of [webPki, pathAlone, ...Object.values(strictProfiles(ruleTools))]) {
    for (const role of ['anchor', 'intermediate', 'leaf', 'trusted-leaf'] as const)
      allowTlsError(() => checkCertificate(parsed, role, profile))
  }
  allowTlsError(() => certificateCoversName(parsed, 'www.example.com'))
  allowTlsError(() => parsed.nameConstraints && malformedConstraint(parsed.nameConstraints, ruleTools))
  allowTlsError(() => JSON.stringify(parsed))
  if (parsed.toString().length === 0) throw new Error('a certificate without text')
  allowTlsError(() => parsed.subject.key + parsed.issuer.toString() + parsed.toPem() + parsed.fingerprint(nodeProvider))
}

/** What a random graph of CAs is made of. Signatures are real, so that the builder gets everywhere. */
export const graphPool = (r: Random, count: number): Made[] => {
  const keys = Array.from({ length: 6 }, (_, i) => fixedKeys(i))
  const names = ['a', 'b', 'c', 'd'].map((text) => name(text))
  const extras = [
    () =>
      constraints([dns(r.pick(['example', 'host.example', 'x.test']))], r.below(2) === 0 ? [] : [dns('bad.example')]),
    () => purposes(r.pick(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '2.5.29.37.0'])),
    () =>
      extension(
        '2.5.29.32',
        derSequence(...Array.from(new Set([r.pick(policies), r.pick(policies)]), (oid) => derSequence(derOid(oid)))),
      ),
    () => extension('2.5.29.33', derSequence(derSequence(derOid(r.pick(policies)), derOid(r.pick(policies)))), true),
    () => extension('2.5.29.36', derSequence(derElement(0x80, Uint8Array.of(r.below(3)))), true),
    () => extension('2.5.29.54', derInteger(r.below(3)), true),
  ]
  return Array.from({ length: count }, () => {
    const [subject, issuer] = [r.below(names.length), r.below(names.length)]
    const keyOf = (n: number): Keys => (r.below(4) === 0 ? undefined : keys[n]) ?? r.pick(keys)
    const [own, issuerKeys] = [keyOf(subject), keyOf(issuer)]
    const kinds = extras.filter(() => r.below(6) === 0)
    return make({
      subject: names[subject] ?? name(''),
      keys: own,
      issuer: { subject: names[issuer] ?? name(''), keys: r.below(8) === 0 ? r.pick(keys) : issuerKeys },
      serial: derInteger(1 + r.below(1000)),
      extensions: [
        ...(r.below(10) === 0 ? [] : [basic(true, r.below(5) === 0 ? r.below(3) : undefined)]),
        ...(r.below(10) === 0 ? [] : [certSign]),
        ...(r.below(3) === 0 ? [] : keyIdentifiers(own, issuerKeys)),
        altNames(dns(r.pick(['host.example', '*.example', 'bad.example']))),
        ...kinds.map((kind) => kind()),
      ],
    })
  })
}

const policies = ['1.2.3.1', '1.2.3.2', '1.2.3.3', '2.5.29.32.0']

/** Most signature checks that one verification may cost, whatever it is given. */
const signatureLimit = 100

/** One random verification over certificates of the pool; answers with what it cost and what came of it. */
export const pathTarget = async (pool: readonly Made[], r: Random): Promise<{ signatures: number; ok: boolean }> => {
  let signatures = 0
  const verifiers = nodeProvider.verifiers.map((verifier) => ({
    ...verifier,
    verify: (...args: Parameters<typeof verifier.verify>) => (signatures++, verifier.verify(...args)),
  }))
  const provider: CryptoProvider = { ...nodeProvider, verifiers }
  const some = (most: number): Uint8Array[] => Array.from({ length: 1 + r.below(most) }, () => r.pick(pool).der)
  const chain = some(40).map((der, _, all) => (r.below(20) === 0 ? mutate(der, all, r) : der))
  const options: VerifyOptions = {
    provider,
    trust: some(3),
    time: now,
    profile: r.pick<ProfileName>(['web-pki', 'baseline', 'rfc5280', 'path', 'path', 'path']),
    maxDepth: r.pick([0, 2, 8, 100]),
    ...(r.below(2) === 0 && { serverName: r.pick(['host.example', 'x.example', '192.0.2.1']) }),
    ...(r.below(3) === 0 && {
      policies: { requireExplicit: r.below(2) === 0, acceptable: [r.pick(policies)], inhibitAny: r.below(2) === 0 },
    }),
    ...(r.below(2) === 0 && { partialChain: false }),
  }
  const result = await verifyChain(chain, options)
  if (signatures > signatureLimit) throw new Error(`${signatures} signature checks`)
  if (result.ok) void result.policies.size
  else if (result.reason.message.length === 0) throw new Error('a failure without words')
  return { signatures, ok: result.ok }
}

const argument = (flag: string): string | undefined => {
  const at = process.argv.indexOf(flag)
  return at < 0 ? undefined : process.argv[at + 1]
}

/** Milliseconds of a second run: the first may have waited for the collector, or for a processor. */
const again = (action: () => void): number => {
  const start = performance.now()
  action()
  return performance.now() - start
}

const fuzzParser = (until: number, seed: number): void => {
  const seeds = corpus()
  let runs = 0
  let parsed = 0
  let slowest = 0
  while (Date.now() < until) {
    const r = random(seed + runs)
    const der = mutate(r.pick(seeds), seeds, r)
    const start = performance.now()
    try {
      parserTarget(der)
    } catch (error) {
      console.error(`seed ${seed + runs}: ${Buffer.from(der).toString('hex')}`)
      throw error
    }
    const took = performance.now() - start
    if (took > slowest)
      slowest = Math.max(
        slowest,
        Math.min(
          took,
          again(() => parserTarget(der)),
        ),
      )
    allowTlsError(() => (parseCertificate(der), parsed++))
    runs++
  }
  const memory = Math.round(process.memoryUsage().heapUsed / 2 ** 20)
  console.log(
    `fuzz x509 parser: ${runs} runs, ${parsed} parsed, slowest ${slowest.toFixed(1)} ms, heap ${memory} MiB, no ` +
      'finding',
  )
}

const fuzzPaths = async (until: number, seed: number): Promise<void> => {
  let runs = 0
  let good = 0
  let most = 0
  let slowest = 0
  while (Date.now() < until) {
    const pool = graphPool(random(seed + runs), 120)
    for (let i = 0; i < 500 && Date.now() < until; i++, runs++) {
      const start = performance.now()
      try {
        const { signatures, ok } = await pathTarget(pool, random(seed + runs))
        most = Math.max(most, signatures)
        if (ok) good++
      } catch (error) {
        console.error(`seed ${seed}, pool of run ${runs - i}, run ${runs}`)
        throw error
      }
      slowest = Math.max(slowest, performance.now() - start)
    }
  }
  const memory = Math.round(process.memoryUsage().heapUsed / 2 ** 20)
  console.log(
    `fuzz x509 paths: ${runs} runs, ${good} verified, at most ${most} signature checks, slowest ` +
      `${slowest.toFixed(1)} ms, heap ${memory} MiB, no finding`,
  )
}

const main = async (): Promise<void> => {
  const until = Date.now() + 1000 * Number(argument('--seconds') ?? 60)
  const seed = Number(argument('--seed') ?? 1)
  const target = argument('--target') ?? 'both'
  const half = target === 'both' ? Date.now() + (until - Date.now()) / 2 : until
  if (target !== 'paths') fuzzParser(half, seed)
  if (target !== 'parser') await fuzzPaths(until, seed)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
