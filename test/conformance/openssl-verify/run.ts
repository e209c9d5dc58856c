// npm run conformance:openssl-verify -- CHECKOUT: runs the cases of OpenSSL's test/recipes/25-test_verify.t, from a
// checkout or source package of OpenSSL or from vectors/openssl-verify/suite.json.gz, through verifyChain(); prints
// each case that goes another way with its reason, then one line of counts. Exits 1 if one has no reason. `--save FILE`
// writes the cases with their certificates as one file.

import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { TlsError } from '../../../src/errors.ts'
import { verifyChain } from '../../../src/x509/index.ts'
import type { ProfileName, VerifyOptions } from '../../../src/x509/index.ts'
import { certificateBlocks, certificateBytes, readCertificateBlock } from '../../../src/x509/load.ts'
import { differences, notApplicable } from './differences.ts'
import { readRecipe } from './recipe.ts'
import type { RecipeCase } from './recipe.ts'

export type Verdict = 'agrees' | 'differs' | 'not applicable'

export interface Outcome {
  readonly test: RecipeCase
  readonly verdict: Verdict
  /** Why it differs or does not apply; undefined for a case that agrees, or that nobody has explained. */
  readonly reason: string | undefined
  /** What the verifier said. */
  readonly message: string
}

export interface Suite {
  readonly cases: readonly RecipeCase[]
  /** Files of test/certs by name, without their ending: PEM. */
  readonly files: Readonly<Record<string, string>>
}

/** `path`: OpenSSL's source, or a file that --save wrote. */
export const readSuite = (path: string): Suite => {
  if (statSync(path).isFile()) return JSON.parse(gunzipSync(readFileSync(path)).toString('utf8'))
  const cases = readRecipe(readFileSync(join(path, 'test', 'recipes', '25-test_verify.t'), 'utf8'))
  const applicable = cases.filter((test) => notApplicable(test) === undefined)
  const names = applicable.flatMap(({ certificate, trusted, untrusted }) => [certificate, ...trusted, ...untrusted])
  const read = (name: string): string => readFileSync(join(path, 'test', 'certs', `${name}.pem`), 'latin1')
  return { cases, files: Object.fromEntries([...new Set(names)].map((name) => [name, read(name)])) }
}

/** The moment of all verifications that name no other. */
const validationTime = Date.UTC(2026, 9, 1)

export const runCase = async (suite: Suite, test: RecipeCase): Promise<Outcome> => {
  const reason = notApplicable(test)
  if (reason !== undefined) return { test, verdict: 'not applicable', reason, message: '' }
  const { accepted, message } = await verify(suite, test)
  if (accepted === test.expected) return { test, verdict: 'agrees', reason: undefined, message }
  return { test, verdict: 'differs', reason: differences.get(test.title), message }
}

const verify = async ({ files }: Suite, test: RecipeCase): Promise<{ accepted: boolean; message: string }> => {
  const read = (name: string): string => files[name] ?? ''
  const trust = test.trusted.map(read)
  const others = [...test.untrusted, ...test.trusted].flatMap((name) => certificateBytes(read(name), name))
  try {
    const [leaf] = certificateBytes(read(test.certificate), 'certificate')
    const result = await verifyChain(leaf === undefined ? [] : [leaf, ...others], {
      provider: nodeProvider,
      trust,
      ...optionsOf(test),
      partialChain: test.options.includes('-partial_chain') || trust.some(isTrustedExplicitly),
    })
    return { accepted: result.ok, message: result.ok ? '' : `${result.reason.code}: ${result.reason.message}` }
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    return { accepted: false, message: `${error.code}: ${error.message}` }
  }
}

/** There a block that says what its certificate is trusted for makes an anchor of an intermediate certificate. */
const isTrustedExplicitly = (pem: string): boolean =>
  certificateBlocks(pem, 'trusted').some((block) => readCertificateBlock(block).settings?.trusted !== undefined)

/** What `openssl verify` is told, in our options. */
const optionsOf = ({ purpose, options }: RecipeCase): Partial<VerifyOptions> => {
  const value = (name: string): string | undefined => {
    const at = options.indexOf(name)
    return at < 0 ? undefined : options[at + 1]
  }
  const [time, depth, policy] = [value('-attime'), value('-verify_depth'), value('-policy')]
  return {
    profile: profileOf(options, value('-auth_level')),
    purpose: purposes[purpose] ?? 'anyExtendedKeyUsage',
    time: time === undefined ? validationTime : Number(time) * 1000,
    ...(depth !== undefined && { maxDepth: Number(depth) }),
    ...(policy !== undefined && { policies: { acceptable: [policy], requireExplicit: true } }),
  }
}

const purposes: Readonly<Record<string, string>> = { sslserver: 'serverAuth', sslclient: 'clientAuth' }

/** Levels 1 and above refuse short keys and broken hashes, as the default profile does; 0 takes all. */
const profileOf = (options: readonly string[], level = '1'): ProfileName =>
  options.includes('-x509_strict') ? 'rfc5280' : level === '0' ? 'path' : 'web-pki'

/** The last line that the command prints. */
export const summary = (outcomes: readonly Outcome[]): string => {
  const count = (verdict: Verdict): number => outcomes.filter((outcome) => outcome.verdict === verdict).length
  const left = count('not applicable')
  return (
    `openssl-verify: agree ${count('agrees')} of ${outcomes.length - left}, differ ${count('differs')}, ` +
    `not applicable ${left}`
  )
}

const main = async (): Promise<void> => {
  const [path, option, file] = process.argv.slice(2)
  if (path === undefined) throw new Error('usage: npm run conformance:openssl-verify -- CHECKOUT [--save FILE]')
  const suite = readSuite(path)
  if (option === '--save' && file !== undefined) writeFileSync(file, gzipSync(JSON.stringify(suite), { level: 9 }))
  const outcomes: Outcome[] = []
  for (const test of suite.cases) outcomes.push(await runCase(suite, test))
  for (const { test, verdict, reason, message } of outcomes) {
    if (verdict === 'agrees') continue
    const expected = test.expected ? 'accepted there' : 'refused there'
    console.log(`${verdict}: ${test.title} (${expected})\n    ${reason ?? 'WITHOUT A REASON'}`)
    if (message !== '') console.log(`    ${message}`)
  }
  console.log(summary(outcomes))
  if (outcomes.some(({ verdict, reason }) => verdict !== 'agrees' && reason === undefined)) process.exitCode = 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
