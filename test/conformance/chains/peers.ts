// Who is asked about a chain: verifyChain() under its default profile and under `rfc5280`, Go's crypto/x509,
// `openssl verify` and the same with -x509_strict.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { TlsError } from '../../../src/errors.ts'
import { encodePem } from '../../../src/wire/pem.ts'
import { verifyChain } from '../../../src/x509/index.ts'
import type { PolicyOptions, ProfileName } from '../../../src/x509/index.ts'
import { Child, run } from '../../interop/process.ts'
import type { ChainCase, PolicyQuestion } from './case.ts'

/** `+` accepted, `-` refused, in this order: web-pki, rfc5280, Go, OpenSSL, OpenSSL -x509_strict; `.`: not asked. */
export type Verdicts = string

export interface Answer {
  readonly verdicts: Verdicts
  /** What each said that refused, in words. */
  readonly messages: readonly string[]
}

const anyPolicy = '2.5.29.32.0'

export const ours = async (asked: ChainCase, profile: ProfileName): Promise<string> => {
  try {
    const result = await verifyChain([...asked.chain], {
      provider: nodeProvider,
      trust: asked.roots,
      profile,
      time: asked.time,
      purpose: asked.purpose,
      ...(asked.name === undefined ? {} : { serverName: asked.name }),
      ...(asked.policies === undefined ? {} : { policies: policiesOf(asked.policies) }),
    })
    return result.ok ? '' : `${result.reason.code}: ${result.reason.message}`
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    return `${error.code}: ${error.message}`
  }
}

/** Without acceptable policies any is meant here. */
const policiesOf = ({ acceptable, ...limits }: PolicyQuestion): PolicyOptions => ({
  ...limits,
  ...(acceptable.length === 0 ? {} : { acceptable }),
})

export class Peers {
  readonly #directory = mkdtempSync(join(tmpdir(), 'puretls-chains-'))
  #go: Child | undefined
  #read = 0
  #answered: Promise<string> = Promise.resolve('')
  #files = 0

  /** Builds the Go program. */
  async start(): Promise<void> {
    const program = join(this.#directory, 'go-chains')
    const source = new URL('./go/main.go', import.meta.url).pathname
    const { code, output } = await run('go', ['build', '-o', program, source], { env: { GOTOOLCHAIN: 'local' } })
    if (code !== 0) throw new Error(`go build: ${output}`)
    this.#go = new Child(program, [])
  }

  async stop(): Promise<void> {
    await this.#go?.stop()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async ask(asked: ChainCase): Promise<Answer> {
    const [openssl, strict] = this.#openssl(asked)
    const go = this.#goAnswer(asked)
    const messages = [await ours(asked, 'web-pki'), await ours(asked, 'rfc5280'), await go, await openssl, await strict]
    const signs = messages.map((message) => (message === undefined ? '.' : message === '' ? '+' : '-'))
    return { verdicts: signs.join(''), messages: messages.map((message) => message ?? 'not asked') }
  }

  /** undefined: Go takes the acceptable policies alone among the inputs. */
  async #goAnswer(asked: ChainCase): Promise<string | undefined> {
    const { policies } = asked
    if (policies?.requireExplicit === true || policies?.inhibitMapping === true || policies?.inhibitAny === true)
      return undefined
    if (this.#go === undefined) throw new Error('the Go program was not started')
    const base64 = (list: readonly Uint8Array[]): string[] => list.map((der) => Buffer.from(der).toString('base64'))
    const line = {
      chain: base64(asked.chain),
      roots: base64(asked.roots),
      time: asked.time / 1000,
      name: asked.name ?? '',
      purpose: asked.purpose,
      policies: policies?.acceptable ?? [],
    }
    const go = this.#go
    go.write(`${JSON.stringify(line)}\n`)
    // Answers come in the order of the questions.
    this.#answered = this.#answered.then(async () => {
      const [whole, answer = ''] = await go.waitFor(/(".*")\n/, this.#read)
      this.#read += whole.length
      return String(JSON.parse(answer))
    })
    return this.#answered
  }

  #openssl(asked: ChainCase): [Promise<string>, Promise<string>] {
    const stem = join(this.#directory, `${this.#files++}`)
    const pem = (list: readonly Uint8Array[]): string => list.map((der) => encodePem('CERTIFICATE', der)).join('')
    const [end = new Uint8Array(), ...others] = asked.chain
    writeFileSync(`${stem}-roots`, pem(asked.roots))
    writeFileSync(`${stem}-leaf`, pem([end]))
    if (others.length > 0) writeFileSync(`${stem}-others`, pem(others))
    const verify = async (more: readonly string[]): Promise<string> => {
      const { code, output } = await run('openssl', [
        ...['verify', '-CAfile', `${stem}-roots`, '-partial_chain', '-auth_level', '2'],
        ...['-attime', String(Math.floor(asked.time / 1000))],
        ...['-purpose', asked.purpose === 'serverAuth' ? 'sslserver' : 'sslclient'],
        ...(others.length > 0 ? ['-untrusted', `${stem}-others`] : []),
        ...nameArguments(asked.name),
        ...policyArguments(asked),
        ...more,
        `${stem}-leaf`,
      ])
      return code === 0 ? '' : output.replaceAll(this.#directory, '').replaceAll(/\s+/g, ' ').trim() || 'refused'
    }
    const both = [verify([]), verify(['-x509_strict'])] as const
    const [plain, strict] = both
    void Promise.allSettled(both).then(() => {
      for (const suffix of ['roots', 'leaf', 'others']) rmSync(`${stem}-${suffix}`, { force: true })
    })
    return [plain, strict]
  }
}

const nameArguments = (asked: string | undefined): string[] => {
  if (asked === undefined) return []
  return [/^[\d.]+$|:/.test(asked) ? '-verify_ip' : '-verify_hostname', asked]
}

const policyArguments = ({ policies }: ChainCase): string[] => {
  // Without any acceptable policy, OpenSSL takes none.
  const acceptable = policies === undefined || policies.acceptable.length === 0 ? [anyPolicy] : policies.acceptable
  return [
    ...['-policy_check', ...acceptable.flatMap((oid) => ['-policy', oid])],
    ...(policies?.requireExplicit === true ? ['-explicit_policy'] : []),
    ...(policies?.inhibitMapping === true ? ['-inhibit_map'] : []),
    ...(policies?.inhibitAny === true ? ['-inhibit_any'] : []),
  ]
}
