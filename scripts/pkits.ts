// npm run conformance:pkits -- FILE: runs the cases of NIST PKITS (vectors/pkits, plain or gzipped JSON) through
// verifyChain() and crlCheck(), prints each disagreement, then one line of counts.

import { readFileSync } from 'node:fs'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { nodeProvider } from '../src/crypto/node.ts'
import { crlCheck, parseCrl, verifyChain } from '../src/x509/index.ts'
import type { Crl } from '../src/x509/index.ts'

export interface PkitsCase {
  readonly id: string
  readonly title: string
  /** Names in `certificates`. */
  readonly trust: string
  readonly intermediates: readonly string[]
  readonly leaf: string
  /** Names in `crls`. */
  readonly crls: readonly string[]
  readonly expected: boolean
  /** Object identifiers: user-initial-policy-set. */
  readonly initialPolicies: readonly string[]
  readonly initialExplicitPolicy: boolean
  readonly initialPolicyMappingInhibit: boolean
  readonly initialInhibitAnyPolicy: boolean
}

export interface PkitsSuite {
  readonly certificates: Readonly<Record<string, string>>
  readonly crls: Readonly<Record<string, string>>
  readonly cases: readonly PkitsCase[]
}

export interface PkitsOutcome {
  readonly test: PkitsCase
  readonly accepted: boolean
  readonly message: string
}

/** The moment at which the certificates of the suite are valid. */
const validationTime = Date.UTC(2018, 3, 15)

/** DSA (FIPS 186-4) is not implemented: FIPS 186-5 withdrew it. Of its three cases one expects a refusal. */
export const dsaCases: readonly string[] = ['4.1.4', '4.1.5']

/** Reads the suite; throws if the file is something else. */
export const readPkits = (path: string): PkitsSuite => {
  const raw = readFileSync(path)
  const suite: PkitsSuite = JSON.parse((raw[0] === 0x1f ? gunzipSync(raw) : raw).toString('utf8'))
  if (!Array.isArray(suite.cases)) throw new Error(`${path} is not a PKITS file`)
  return suite
}

/** Runs one case under the profile `path` (RFC 5280 section 6 alone), with its CRLs required. */
export const runPkitsCase = async (suite: PkitsSuite, test: PkitsCase): Promise<PkitsOutcome> => {
  const chain = [test.leaf, ...test.intermediates.toReversed()].map((name) => bytesOf(suite.certificates, name))
  const result = await verifyChain(chain, {
    provider: nodeProvider,
    profile: 'path',
    trust: bytesOf(suite.certificates, test.trust),
    time: validationTime,
    purpose: 'anyExtendedKeyUsage',
    policies: {
      acceptable: test.initialPolicies,
      requireExplicit: test.initialExplicitPolicy,
      inhibitMapping: test.initialPolicyMappingInhibit,
      inhibitAny: test.initialInhibitAnyPolicy,
    },
    checks: [crlCheck({ crls: test.crls.flatMap((name) => readableCrl(bytesOf(suite.crls, name))) })],
  })
  return { test, accepted: result.ok, message: result.ok ? '' : `${result.reason.code}: ${result.reason.message}` }
}

const bytesOf = (files: Readonly<Record<string, string>>, name: string): Uint8Array => {
  const base64 = files[name]
  if (base64 === undefined) throw new Error(`the suite has no file ${name}`)
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

/** A CRL that can't be read (one of the suite's has a signature of 2047 bits) is a CRL that is not there. */
const readableCrl = (der: Uint8Array): readonly Crl[] => {
  try {
    return [parseCrl(der)]
  } catch {
    return []
  }
}

/** The last line that the command prints. */
export const summary = (outcomes: readonly PkitsOutcome[]): string => {
  const wrong = outcomes.filter(({ test, accepted }) => accepted !== test.expected)
  const accepted = wrong.filter((outcome) => outcome.accepted).length
  const agree = outcomes.length - wrong.length
  return (
    `pkits: agree ${agree} of ${outcomes.length}, wrongly accepted ${accepted}, wrongly rejected ` +
    `${wrong.length - accepted}`
  )
}

const main = async (): Promise<void> => {
  const [path] = process.argv.slice(2)
  if (path === undefined) throw new Error('usage: npm run conformance:pkits -- FILE')
  const suite = readPkits(path)
  const outcomes: PkitsOutcome[] = []
  for (const test of suite.cases) outcomes.push(await runPkitsCase(suite, test))
  for (const { test, accepted, message } of outcomes) {
    if (accepted !== test.expected)
      console.log(`${test.id} ${test.title}: expected ${test.expected}, got ${accepted} ${message}`.trimEnd())
  }
  console.log(summary(outcomes))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
