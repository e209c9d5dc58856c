// The protocol of RFC 8555, as far as issuing needs it: account, order, authorizations, challenges, finalization,
// certificate. Which challenge is answered, and how, is the caller's (`Solver`). One client is one account with one
// server.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { setTimeout as pause } from 'node:timers/promises'
import { TlsError } from '../errors.ts'
import { createRequest } from '../pki/csr.ts'
import type { KeyKind } from '../pki/keys.ts'
import { base64url, externalBinding, signedRequest } from './jws.ts'
import type { AccountKey } from './jws.ts'
import type { AcmeTransport, HttpAnswer } from './transport.ts'

export type ChallengeType = 'tls-alpn-01' | 'http-01' | 'dns-01'

/** What proves that a name is ours. */
export interface ChallengeToAnswer {
  readonly type: ChallengeType
  readonly domain: string
  readonly token: string
  /** Section 8.1: token and thumbprint of the account's key. */
  readonly keyAuthorization: string
}

export interface Solver {
  /** In order of preference. */
  readonly types: readonly ChallengeType[]
  prepare(challenge: ChallengeToAnswer): Promise<void>
  /** Also called after a failure. */
  clean(challenge: ChallengeToAnswer): Promise<void>
}

export interface AcmeClientOptions {
  readonly directoryUrl: string
  readonly key: AccountKey
  readonly transport: AcmeTransport
  readonly contact?: readonly string[]
  /** The caller has agreed to the CA's terms. */
  readonly termsAgreed: boolean
  readonly externalAccount?: { readonly kid: string; readonly hmacKey: string }
  /** Milliseconds for one order. Default 300000. */
  readonly orderTimeoutMs?: number
}

const names: Names<AcmeClientOptions> = {
  directoryUrl: 'string',
  key: 'object',
  transport: 'function',
  contact: 'list',
  termsAgreed: 'boolean',
  externalAccount: { kid: 'string', hmacKey: 'string' },
  orderTimeoutMs: 'number',
}

/** A refusal of the ACME server (RFC 8555 section 6.7, RFC 9457). */
export class AcmeError extends TlsError {
  /** Without `urn:ietf:params:acme:error:`. */
  readonly type: string
  readonly status: number
  /** Milliseconds since the epoch: not before then (section 6.6). */
  readonly retryAt: number | undefined

  constructor(type: string, status: number, message: string, retryAt?: number) {
    super('transport_failed', message)
    this.type = type
    this.status = status
    this.retryAt = retryAt
  }
}

export interface IssuedCertificate {
  /** Leaf first. */
  readonly chainPem: string
  readonly privateKeyPem: string
}

interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  readonly revokeCert: string
}
interface Order {
  readonly status: string
  readonly authorizations: readonly string[]
  readonly finalize: string
  readonly certificate?: string
  readonly error?: Problem
}
interface Authorization {
  readonly status: string
  readonly identifier: { readonly value: string }
  readonly challenges: readonly {
    readonly type: string
    readonly url: string
    readonly token?: string
    readonly status: string
    readonly error?: Problem
  }[]
}
interface Problem {
  readonly type?: string
  readonly detail?: string
  readonly subproblems?: readonly Problem[]
}

const MAX_NONCE_RETRIES = 10
const POLL_MS = 1000

/** The requests of ACME (RFC 8555), one method each. Acme does the same with storage and renewal. */
export class AcmeClient {
  readonly #options: AcmeClientOptions
  #directory: Directory | undefined
  #nonces: string[] = []
  #kid: string | undefined

  constructor(options: AcmeClientOptions) {
    checkOptions(options, names, { required: ['directoryUrl', 'key', 'transport', 'termsAgreed'] })
    this.#options = options
  }

  /** The account's URL; makes the account, or finds it again by its key (section 7.3). */
  async account(): Promise<string> {
    if (this.#kid !== undefined) return this.#kid
    const { contact, termsAgreed, externalAccount, key } = this.#options
    const { newAccount } = await this.#endpoints()
    const answer = await this.#post(newAccount, {
      ...(termsAgreed ? { termsOfServiceAgreed: true } : {}),
      ...(contact === undefined || contact.length === 0
        ? {}
        : { contact: contact.map((one) => (one.includes(':') ? one : `mailto:${one}`)) }),
      ...(externalAccount === undefined
        ? {}
        : { externalAccountBinding: externalBinding(key, newAccount, externalAccount) }),
    })
    const { location } = answer.headers
    if (location === undefined) throw malformed('a new account has no URL')
    this.#kid = location
    return location
  }

  /** Orders a certificate for these names, proves each, and gets it. Throws AcmeError, or TlsError `timeout`. */
  async issue(names: readonly string[], solver: Solver, kind: KeyKind = 'ecdsa-p256'): Promise<IssuedCertificate> {
    const deadline = Date.now() + (this.#options.orderTimeoutMs ?? 300_000)
    await this.account()
    const { newOrder } = await this.#endpoints()
    const identifiers = names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value }))
    const created = await this.#post(newOrder, { identifiers })
    const { location } = created.headers
    if (location === undefined) throw malformed('a new order has no URL')
    const order = jsonOf<Order>(created)
    for (const url of order.authorizations) await this.#authorize(url, solver, deadline)
    await this.#poll<Order>(location, deadline, ({ status }) => status !== 'pending')
    const request = await createRequest({ names, key: kind })
    await this.#post(order.finalize, { csr: base64url(request.request) })
    const done = await this.#poll<Order>(location, deadline, ({ status }) => status === 'valid' || status === 'invalid')
    if (done.status !== 'valid' || done.certificate === undefined)
      throw failure(`the order for ${names.join(', ')} failed`, done.error)
    const certificate = await this.#post(done.certificate, undefined)
    return { chainPem: new TextDecoder().decode(certificate.body), privateKeyPem: request.privateKeyPem }
  }

  /** Section 7.6. `reason` is a CRLReason code. */
  async revoke(certificate: Uint8Array, reason = 0): Promise<void> {
    await this.account()
    const { revokeCert } = await this.#endpoints()
    await this.#post(revokeCert, { certificate: base64url(certificate), reason })
  }

  async #authorize(url: string, solver: Solver, deadline: number): Promise<void> {
    const authorization = jsonOf<Authorization>(await this.#post(url, undefined))
    if (authorization.status === 'valid') return
    const domain = authorization.identifier.value
    const type = solver.types.find((one) => authorization.challenges.some((challenge) => challenge.type === one))
    const challenge = authorization.challenges.find((one) => one.type === type)
    if (type === undefined || challenge?.token === undefined) {
      const offered = authorization.challenges.map((one) => one.type).join(', ')
      throw new AcmeError(
        'unsupportedChallenge',
        0,
        `${domain}: the CA offers ${offered || 'no challenge'}, and we can answer ${solver.types.join(', ')}`,
      )
    }
    if (!/^[A-Za-z0-9_-]+$/.test(challenge.token)) throw malformed('a token has characters that it may not have')
    const answer: ChallengeToAnswer = {
      type,
      domain,
      token: challenge.token,
      keyAuthorization: `${challenge.token}.${this.#options.key.thumbprint}`,
    }
    try {
      await solver.prepare(answer)
      await this.#post(challenge.url, {})
      const done = await this.#poll<Authorization>(url, deadline, ({ status }) => status !== 'pending')
      if (done.status !== 'valid')
        throw failure(
          `the CA did not accept that ${domain} is ours (${type})`,
          done.challenges.find((one) => one.error !== undefined)?.error,
        )
    } finally {
      await solver.clean(answer).catch(() => {})
    }
  }

  async #poll<T>(url: string, deadline: number, isDone: (value: T) => boolean): Promise<T> {
    for (;;) {
      const answer = await this.#post(url, undefined)
      const value = jsonOf<T>(answer)
      if (isDone(value)) return value
      const wait = Math.min(Math.max((retryAt(answer) ?? 0) - Date.now(), POLL_MS), 30_000)
      if (Date.now() + wait > deadline) throw new TlsError('timeout', `${url}: the CA is not done in time`)
      await pause(wait)
    }
  }

  async #endpoints(): Promise<Directory> {
    if (this.#directory !== undefined) return this.#directory
    const answer = await this.#options.transport({ method: 'GET', url: this.#options.directoryUrl })
    if (answer.status !== 200)
      throw new AcmeError(
        'directory',
        answer.status,
        `${this.#options.directoryUrl} answers ${answer.status}: it is no ACME directory`,
      )
    const directory = jsonOf<Partial<Directory>>(answer)
    const { newNonce, newAccount, newOrder, revokeCert = '' } = directory
    if (newNonce === undefined || newAccount === undefined || newOrder === undefined)
      throw malformed('the directory lacks addresses')
    this.#directory = { newNonce, newAccount, newOrder, revokeCert }
    return this.#directory
  }

  async #nonce(): Promise<string> {
    const kept = this.#nonces.pop()
    if (kept !== undefined) return kept
    const { newNonce } = await this.#endpoints()
    const nonce = (await this.#options.transport({ method: 'HEAD', url: newNonce })).headers['replay-nonce']
    if (nonce === undefined) throw malformed('there is no nonce')
    return nonce
  }

  /** A nonce that was not good any more is no failure (section 6.5). */
  async #post(url: string, payload: unknown): Promise<HttpAnswer> {
    for (let tries = 0; ; tries++) {
      const body = await signedRequest(this.#options.key, { url, nonce: await this.#nonce(), kid: this.#kid }, payload)
      const answer = await this.#options.transport({ method: 'POST', url, body, contentType: 'application/jose+json' })
      const fresh = answer.headers['replay-nonce']
      if (fresh !== undefined) this.#nonces = [...this.#nonces.slice(-8), fresh]
      if (answer.status < 400) return answer
      const problem = orNothing(() => jsonOf<Problem>(answer))
      const type = typeOf(problem)
      if (type === 'badNonce' && tries < MAX_NONCE_RETRIES) continue
      throw new AcmeError(
        type,
        answer.status,
        `the CA refuses: ${problem?.detail ?? `status ${answer.status}`}`,
        retryAt(answer),
      )
    }
  }
}

const typeOf = (problem: Problem | undefined): string =>
  (problem?.type ?? 'unknown').replace('urn:ietf:params:acme:error:', '')
const malformed = (what: string): AcmeError =>
  new AcmeError('malformedAnswer', 0, `the ACME server's answer cannot be used: ${what}`)
const failure = (what: string, problem: Problem | undefined): AcmeError =>
  new AcmeError(typeOf(problem), 0, `${what}: ${problem?.detail ?? 'it does not say why'}`)

const jsonOf = <T>(answer: HttpAnswer): T => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(answer.body))
    if (typeof value === 'object' && value !== null) return value as T
  } catch {
    // the same sentence
  }
  throw malformed('it is not JSON')
}

const orNothing = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Retry-After in seconds or as a date (RFC 9110 section 10.2.3). */
const retryAt = ({ headers }: HttpAnswer): number | undefined => {
  const value = headers['retry-after']
  if (value === undefined) return undefined
  const time = /^\d+$/.test(value) ? Date.now() + Number(value) * 1000 : Date.parse(value)
  return Number.isNaN(time) ? undefined : time
}
