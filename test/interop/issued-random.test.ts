// What puretls/pki issues for options drawn by seed: refused by name, or taken by this verifier (default and rfc5280),
// Go, OpenSSL (-x509_strict too), GnuTLS, and without an error of zlint's on RFC 5280. SEEDS=1000 for a longer run.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCa } from '../../src/pki/index.ts'
import type { Ca } from '../../src/pki/index.ts'
import { TlsError } from '../../src/errors.ts'
import { question } from '../conformance/chains/case.ts'
import { Peers } from '../conformance/chains/peers.ts'
import { random } from '../fuzz/x509.ts'
import { drawWish } from './issued-draw.ts'
import type { Wish } from './issued-draw.ts'
import { present, run } from './process.ts'

const seeds = Number(process.env['SEEDS'] ?? 40)
const directory = mkdtempSync(join(tmpdir(), 'puretls-random-'))
const peers = new Peers()
const has = {
  go: await present('go', 'version'),
  certtool: await present('certtool', '--version'),
  openssl: await present('openssl', 'version'),
}
const all = has.go && has.certtool && has.openssl

const linter = join(directory, 'zlint')
beforeAll(async () => {
  if (!all) return
  await peers.start()
  const cwd = new URL('./peers/zlint', import.meta.url).pathname
  const { code, output } = await run('go', ['build', '-o', linter, '.'], { cwd, env: { GOTOOLCHAIN: 'local' } })
  if (code !== 0) throw new Error(`go build: ${output}`)
}, 600_000)
afterAll(async () => {
  await peers.stop()
  rmSync(directory, { recursive: true, force: true })
})

interface Made {
  readonly root: Ca
  /** Leaf first, without the root. */
  readonly pems: readonly string[]
  readonly chain: readonly Uint8Array[]
}

const make = async ({ root, middles, leaf }: Wish): Promise<Made> => {
  const top = await createCa(root)
  let issuer = top
  const between: Ca[] = []
  for (const options of middles) between.unshift((issuer = await issuer.createIntermediate(options)))
  const end = await issuer.issue(leaf)
  const list = [end, ...between]
  return {
    root: top,
    pems: list.map(({ certificatePem }) => certificatePem),
    chain: list.map(({ certificate }) => certificate),
  }
}

/** The chain, or the sentence that refuses the options. */
const attempt = async (wish: Wish): Promise<Made | string> => {
  try {
    return await make(wish)
  } catch (error) {
    if (error instanceof TlsError && error.code === 'bad_option') return error.message
    throw error
  }
}

const write = (name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

const gnutls = async (seed: number, { root, pems }: Made, name: string): Promise<string> => {
  const { code, output } = await run('certtool', [
    ...['--verify', '--load-ca-certificate', write(`${seed}-root.pem`, root.certificatePem)],
    ...['--verify-hostname', name, '--infile', write(`${seed}.pem`, pems.join(''))],
  ])
  return code === 0 ? '' : output
}

interface Finding {
  readonly lint: string
  readonly source: string
  readonly status: string
}

/** Errors of lints whose source is an RFC; what the Baseline Requirements want is asked in issued.test.ts. */
const lint = async (files: readonly string[]): Promise<readonly string[]> => {
  const { code, output } = await run(linter, files)
  if (code !== 0) throw new Error(output)
  return output
    .trim()
    .split('\n')
    .flatMap((line) => {
      const { findings, file }: { findings: readonly Finding[]; file: string } = JSON.parse(line)
      const faults = findings.filter(
        (one) => /error|fatal/.test(one.status) && one.source.startsWith('RFC') && !asked.has(one.lint),
      )
      return faults.map((fault) => `${file.replace(directory, '')}: ${fault.lint}`)
    })
}

/** What zlint finds against an RFC in what the caller asks for in so many words. */
const asked: ReadonlySet<string> = new Set([
  'e_subj_email_not_in_san', // emailAddress in `name` and not in `names`
  'e_key_usage_and_extended_key_usage_inconsistent', // `keyUsage` beside `purposes`
  'e_ecdsa_allowed_ku', // `keyUsage` beside `key`
])

/** Refusals that say which option, and why. */
const byName =
  /^(names|name|nameConstraints|pathLength|keyUsage|policies|days|notBefore|notAfter|serialNumber): |pathLength is 0/

/** rfc5280 has no underscores; Go refuses URIs without a host wherever there is any constraint. */
const expected = ({ leaf: { names = [] }, middles }: Wish): string => {
  const has = (part: string): boolean => names.some((name) => typeof name === 'string' && name.includes(part))
  const isConstrained = middles.some(({ nameConstraints }) => nameConstraints !== undefined)
  return `+${has('_') ? '-' : '+'}${has('urn:') && isConstrained ? '-' : '+'}++`
}

test.skipIf(!all)(
  'what is issued for any options is taken by all, and what is refused is refused by name',
  async () => {
    const problems: string[] = []
    const files: string[] = []
    let issued = 0
    for (let seed = 0; seed < seeds; seed++) {
      const wish = drawWish(random(seed))
      const made = await attempt(wish)
      if (typeof made === 'string') {
        if (!byName.test(made)) problems.push(`${seed}: refused: ${made}`)
        continue
      }
      issued++
      const chain = question('issued', `${seed}`, made.chain, [made.root.certificate], {
        time: Math.floor(Date.now() / 1000) * 1000,
        name: wish.serverName,
      })
      const { verdicts, messages } = await peers.ask(chain)
      if (verdicts !== expected(wish)) problems.push(`${seed}: ${verdicts} ${messages.join(' | ')}`)
      const refused = await gnutls(seed, made, wish.serverName)
      if (refused !== '') problems.push(`${seed}: certtool: ${refused.slice(-300)}`)
      files.push(join(directory, `${seed}.pem`), join(directory, `${seed}-root.pem`))
    }
    problems.push(...(await lint(files)))
    expect(problems).toEqual([])
    expect(issued).toBeGreaterThan(seeds / 2)
  },
  600_000,
)
