// npm run conformance:limbo -- FILE: runs x509-limbo cases (C2SP/x509-limbo, schema version 1; plain or gzipped JSON)
// through verifyChain() and prints each disagreement, then one line of counts. limbo.test.ts runs the cases of
// vectors/limbo/ with it.

import { readFileSync } from 'node:fs'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { nodeProvider } from '../src/crypto/node.ts'
import type { CryptoProvider } from '../src/crypto/provider.ts'
import { decodePem } from '../src/wire/pem.ts'
import { crlCheck } from '../src/x509/crl-check.ts'
import { verifyChain } from '../src/x509/index.ts'
import type { Certificate, KeyUsageName, ProfileName, VerifyOptions } from '../src/x509/index.ts'

interface PeerName {
  readonly kind: 'RFC822' | 'DNS' | 'IP'
  readonly value: string
}

export interface LimboCase {
  readonly id: string
  readonly features: readonly string[]
  readonly validation_kind: 'CLIENT' | 'SERVER'
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly validation_time: string | null
  readonly signature_algorithms: readonly string[]
  readonly key_usage: readonly string[]
  readonly extended_key_usage: readonly string[]
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly expected_peer_name: PeerName | null
  readonly expected_peer_names: readonly PeerName[]
  readonly max_chain_depth: number | null
  readonly crls?: readonly string[]
}

export interface LimboOutcome {
  readonly id: string
  readonly expected: 'SUCCESS' | 'FAILURE'
  /** Undefined: skipped. */
  readonly actual: 'SUCCESS' | 'FAILURE' | undefined
  readonly message: string
}

/** Reads a limbo file; throws if it is none. */
export const readLimbo = (path: string): readonly LimboCase[] => {
  const raw = readFileSync(path)
  const text = (raw[0] === 0x1f ? gunzipSync(raw) : raw).toString('utf8')
  const suite: { version?: unknown; testcases?: LimboCase[] } = JSON.parse(text)
  if (suite.version !== 1 || !Array.isArray(suite.testcases)) throw new Error(`${path} is no limbo file of version 1`)
  return suite.testcases
}

/** Which rules a part of the suite is about; all others are judged by the default. docs/limbo.md says why. */
const profileOf: Readonly<Record<string, ProfileName>> = {
  rfc5280: 'rfc5280',
  pathlen: 'rfc5280',
  crl: 'rfc5280',
  webpki: 'baseline',
  online: 'baseline',
}

export const profileFor = (id: string): ProfileName => profileOf[id.split('::')[0] ?? ''] ?? 'web-pki'

export const runLimboCase = async (
  test: LimboCase,
  provider: CryptoProvider = nodeProvider,
  profile: ProfileName = profileFor(test.id),
): Promise<LimboOutcome> => {
  const outcome = (actual: LimboOutcome['actual'], message: string): LimboOutcome => ({
    id: test.id,
    expected: test.expected_result,
    actual,
    message,
  })
  const chain = [test.peer_certificate, ...test.untrusted_intermediates].flatMap(derOf)
  const result = await verifyChain(chain, optionsFor(test, provider, profile))
  if (!result.ok) return outcome('FAILURE', `${result.reason.code}: ${result.reason.message}`)
  const [leaf] = result.chain
  const missing = leaf && test.expected_peer_names.find((name) => !hasName(leaf, name))
  return missing === undefined ? outcome('SUCCESS', '') : outcome('FAILURE', `not for ${missing.kind} ${missing.value}`)
}

const derOf = (pem: string): Uint8Array[] => decodePem(pem).map(({ bytes }) => bytes)

const optionsFor = (test: LimboCase, provider: CryptoProvider, profile: ProfileName): VerifyOptions => ({
  provider,
  profile,
  trust: test.trusted_certs.flatMap(derOf),
  time: test.validation_time === null ? Date.now() : Date.parse(test.validation_time),
  purpose: test.extended_key_usage[0] ?? (test.validation_kind === 'SERVER' ? 'serverAuth' : 'clientAuth'),
  keyUsage: test.key_usage.map(keyUsageOf),
  ...(test.expected_peer_name && { serverName: test.expected_peer_name.value }),
  ...(test.max_chain_depth !== null && { maxDepth: test.max_chain_depth }),
  ...(test.crls !== undefined && test.crls.length > 0 && { checks: [crlCheck({ crls: test.crls, strict: true })] }),
})

const keyUsageOf = (name: string): KeyUsageName => {
  const found = name === 'contentCommitment' ? 'nonRepudiation' : keyUsages.find((known) => known === name)
  if (found === undefined) throw new Error(`unknown key usage ${name}`)
  return found
}

const keyUsages: readonly KeyUsageName[] = [
  'digitalSignature',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

const hasName = (leaf: Certificate, { kind, value }: PeerName): boolean =>
  (leaf.subjectAltNames ?? []).some((name) => name.kind === kinds[kind] && name.value === value)

const kinds = { RFC822: 'email', DNS: 'dns', IP: 'ip' } as const

/** The last line that the command prints. */
export const summary = (outcomes: readonly LimboOutcome[]): string => {
  const count = (keep: (outcome: LimboOutcome) => boolean): number => outcomes.filter(keep).length
  const agree = count(({ expected, actual }) => expected === actual)
  const accepted = count(({ expected, actual }) => expected === 'FAILURE' && actual === 'SUCCESS')
  const rejected = count(({ expected, actual }) => expected === 'SUCCESS' && actual === 'FAILURE')
  const skipped = count(({ actual }) => actual === undefined)
  return (
    `limbo: agree ${agree} of ${outcomes.length}, wrongly accepted ${accepted}, wrongly rejected ${rejected}, ` +
    `skipped ${skipped}`
  )
}

const isProfile = (text: string | undefined): text is ProfileName =>
  text === 'web-pki' || text === 'baseline' || text === 'rfc5280' || text === 'path'

const main = async (): Promise<void> => {
  const [path, profile] = process.argv.slice(2)
  if (path === undefined) throw new Error('usage: npm run conformance:limbo -- FILE [PROFILE]')
  const outcomes: LimboOutcome[] = []
  for (const test of readLimbo(path)) {
    outcomes.push(await runLimboCase(test, nodeProvider, isProfile(profile) ? profile : undefined))
  }
  for (const { id, expected, actual, message } of outcomes) {
    if (expected !== actual) console.log(`${id}: expected ${expected}, got ${actual ?? 'nothing'} ${message}`.trimEnd())
  }
  console.log(summary(outcomes))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
