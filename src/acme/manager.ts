// Certificates that get and renew themselves: each name has one in the storage, which all processes that share it
// serve, and which one of them renews in time. The CA is asked under a lock, and after a failure not again before a
// while.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { nodeProvider } from '../crypto/node.ts'
import type { KeyKind } from '../pki/keys.ts'
import { TlsError } from '../errors.ts'
import { loadIdentityWith } from '../identity.ts'
import type { ClientHelloInfo, Identity, ServerOptions } from '../options.ts'
import { parseCertificates } from '../x509/certificate.ts'
import { ACME_TLS, dnsSolver, httpAnswer, httpSolver, tlsAlpnAnswer, tlsAlpnSolver } from './challenges.ts'
import type { DnsHook } from './challenges.ts'
import { AcmeClient, AcmeError } from './client.ts'
import type { Solver } from './client.ts'
import { accountKey, generateAccountKey } from './jws.ts'
import { stapleFor } from './staple.ts'
import { memoryStorage } from './storage.ts'
import type { AcmeStorage } from './storage.ts'
import { httpsTransport } from './transport.ts'
import type { AcmeTransport } from './transport.ts'

/** The directories of Let's Encrypt: real certificates, and `staging` for tests. */
export const letsEncrypt = {
  production: 'https://acme-v02.api.letsencrypt.org/directory',
  staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
} as const

/** What happens in the background, for a log. */
export type AcmeEvent =
  | { readonly kind: 'issued'; readonly name: string; readonly until: number }
  | { readonly kind: 'failed'; readonly name: string; readonly error: TlsError; readonly retryAt: number }
  | { readonly kind: 'stapled'; readonly name: string; readonly until: number }

export interface AcmeOptions {
  /** Names to hold certificates for, each its own. */
  readonly domains?: readonly string[]
  /** Says of any other name that a client asks for whether a certificate may be got for it, at its first
   * handshake. Whoever can send a ClientHello causes the question: a policy that says yes to everything can be
   * used to exhaust the CA's limits. */
  readonly onDemand?: (name: string) => boolean | Promise<boolean>
  /** Default: that of Let's Encrypt. */
  readonly directoryUrl?: string
  /** The CA's terms are agreed to. */
  readonly termsAgreed: boolean
  readonly email?: string
  readonly externalAccount?: { readonly kid: string; readonly hmacKey: string }
  /** How names are proved. Default `tls-alpn-01`, which this server answers on port 443 by itself (RFC 8737). */
  readonly challenge?: 'tls-alpn-01' | 'http-01' | DnsHook
  /** Default: memory, so that nothing outlives the process. `folderStorage()` is for those that restart. */
  readonly storage?: AcmeStorage
  readonly keyKind?: KeyKind
  /** The part of its life that a certificate has left when it is renewed, up to a tenth of it earlier by chance.
   * Default 1/3. */
  readonly renewAtFraction?: number
  /** Milliseconds between looks. Default an hour. */
  readonly checkEveryMs?: number
  /** Staples OCSP responses where the certificate names a responder. Default true. */
  readonly staple?: boolean
  readonly onEvent?: (event: AcmeEvent) => void
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** CA certificates (PEM) of the ACME server's own TLS, where the machine's roots do not know it. */
  readonly ca?: string | Uint8Array
  readonly transport?: AcmeTransport
}

const names: Names<AcmeOptions> = {
  domains: 'list',
  onDemand: 'function',
  directoryUrl: 'string',
  termsAgreed: 'boolean',
  email: 'string',
  externalAccount: { kid: 'string', hmacKey: 'string' },
  challenge: 'any',
  storage: 'object',
  keyKind: 'string',
  renewAtFraction: 'number',
  checkEveryMs: 'number',
  staple: 'boolean',
  onEvent: 'function',
  clock: 'function',
  ca: 'any',
  transport: 'function',
}

interface Held {
  readonly pem: string
  readonly identity: Identity
  readonly notAfter: number
  readonly renewAt: number
  readonly stapleUntil?: number
}

const HOUR = 3_600_000
const FIRST_BACKOFF = 60_000
const MAX_BACKOFF = 24 * HOUR
const MAX_ON_DEMAND = 1000

/** Gets certificates, keeps them in a storage and renews them before they end (RFC 8555). */
export class Acme {
  readonly storage: AcmeStorage
  readonly #options: AcmeOptions
  readonly #clock: () => number
  readonly #solver: Solver
  readonly #held = new Map<string, Held>()
  readonly #busy = new Map<string, Promise<Held | undefined>>()
  readonly #domains: Set<string>
  #client: Promise<AcmeClient> | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: AcmeOptions) {
    checkOptions(options, names, {
      elsewhere: { names: 'domains', contact: 'email', key: 'keyKind', directory: 'directoryUrl' },
    })
    if (!options.termsAgreed)
      throw new TlsError('bad_option', "termsAgreed: an ACME account needs agreement to the CA's terms")
    this.#options = options
    this.storage = options.storage ?? memoryStorage()
    this.#clock = options.clock ?? Date.now
    const { challenge = 'tls-alpn-01' } = options
    if (typeof challenge !== 'object' && challenge !== 'http-01' && challenge !== 'tls-alpn-01')
      throw new TlsError('bad_option', 'challenge: tls-alpn-01, http-01, or { set, remove } for dns-01')
    this.#solver =
      typeof challenge === 'object'
        ? dnsSolver(challenge)
        : challenge === 'http-01'
          ? httpSolver(this.storage)
          : tlsAlpnSolver(this.storage)
    this.#domains = new Set((options.domains ?? []).map((name) => name.toLowerCase()))
  }

  /** Looks after all names now, and again and again until stop(). Failures are told by `onEvent`, and rejected only
   * by ensure(). */
  async start(): Promise<void> {
    this.#isStopped = false
    await this.check()
    this.#schedule()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (this.#isStopped) return
    const every = this.#options.checkEveryMs ?? HOUR
    // Servers that were started together shall not ask together.
    this.#timer = setTimeout(
      () => void this.check().finally(() => this.#schedule()),
      every * (0.9 + Math.random() * 0.2),
    )
    this.#timer.unref()
  }

  /** One look at all names: what has to be renewed is renewed, staples too. Never rejects. */
  async check(): Promise<void> {
    for (const name of [...this.#domains, ...this.#held.keys()].filter((one, at, all) => all.indexOf(one) === at)) {
      await this.ensure(name).catch(() => {})
    }
  }

  /** Takes what another process has put into the storage since; the names whose certificates are new. */
  async reload(): Promise<readonly string[]> {
    const names: string[] = []
    for (const [name, before] of [...this.#held]) {
      const now = await this.#load(name)
      if (now !== undefined && now.pem !== before.pem) {
        await this.#stapled(name, now)
        names.push(name)
      }
    }
    return names
  }

  /** The certificate of a name that is looked after: out of memory, the storage, or the CA. Rejects where there is
   * none to be had. */
  async ensure(name: string): Promise<Identity> {
    const held = await this.#current(name.toLowerCase())
    if (held === undefined) throw new TlsError('no_identity', `there is no certificate for ${name}`)
    return held.identity
  }

  /** Gets a new certificate, due or not. */
  async renew(name: string): Promise<Identity> {
    return (await this.#obtain(name.toLowerCase(), true)).identity
  }

  /** For the `identity` option. */
  readonly identity = async ({ serverName }: ClientHelloInfo): Promise<Identity | undefined> => {
    const [first] = this.#domains
    const name = serverName?.toLowerCase() ?? first
    if (name === undefined) return undefined
    const held = this.#held.get(name)
    // A handshake does not wait for a renewal: what is held serves until its end.
    if (held !== undefined && held.notAfter > this.#clock()) return held.identity
    if (!this.#domains.has(name) && !(await this.#isAllowed(name))) return undefined
    return (await this.#current(name).catch(() => undefined))?.identity
  }

  /** For the `onClientHello` option: answers the CA's own handshakes (RFC 8737 section 3), whatever process they
   * come to. */
  readonly onClientHello = async (hello: ClientHelloInfo): Promise<Partial<ServerOptions> | 'reject' | undefined> => {
    if (!hello.alpn.includes(ACME_TLS)) return undefined
    const answer =
      hello.serverName === undefined || hello.alpn.length > 1
        ? undefined
        : await tlsAlpnAnswer(this.storage, hello.serverName)
    if (answer === undefined) return 'reject'
    return { identity: { cert: answer, key: answer }, alpn: [ACME_TLS], tickets: false }
  }

  /** The body for a path of `/.well-known/acme-challenge/` on port 80 (http-01); undefined: not ours. */
  httpAnswer(path: string): Promise<string | undefined> {
    return httpAnswer(this.storage, path)
  }

  async #isAllowed(name: string): Promise<boolean> {
    const { onDemand } = this.#options
    if (onDemand === undefined || !isName(name) || this.#held.size >= MAX_ON_DEMAND) return false
    return onDemand(name)
  }

  /** What is held or stored, renewed if it is time and staples too; the old one for as long as a new one can't be
   * had. */
  async #current(name: string): Promise<Held | undefined> {
    const held = await this.#load(name)
    const now = this.#clock()
    if (held !== undefined && now < held.renewAt) return this.#stapled(name, held)
    const usable = held !== undefined && now < held.notAfter
    try {
      return await this.#obtain(name, false)
    } catch (error) {
      if (usable) return held
      throw error
    }
  }

  /** Out of memory, or out of the storage if another process has put a newer one there. */
  async #load(name: string): Promise<Held | undefined> {
    const known = this.#held.get(name)
    const pem = await this.storage.read(`certificates/${name}`)
    if (pem === undefined || pem === known?.pem) return known
    return this.#hold(name, pem)
  }

  async #hold(name: string, pem: string): Promise<Held | undefined> {
    const loaded = await loadIdentityWith(nodeProvider)({ cert: pem, key: pem }).catch(() => undefined)
    if (loaded === undefined) return undefined
    const { notBefore, notAfter } = loaded.leaf
    const lifetime = notAfter - notBefore
    const left = lifetime * (this.#options.renewAtFraction ?? 1 / 3)
    const held: Held = { pem, identity: loaded, notAfter, renewAt: notAfter - left - Math.random() * 0.1 * lifetime }
    this.#held.set(name, held)
    return held
  }

  /** At most one attempt a name in this process, and by the lock in all. */
  #obtain(name: string, force: boolean): Promise<Held> {
    const running = this.#busy.get(name) ?? this.#obtainLocked(name, force).finally(() => this.#busy.delete(name))
    this.#busy.set(name, running)
    return running as Promise<Held>
  }

  async #obtainLocked(name: string, force: boolean): Promise<Held> {
    return this.storage.lock(`locks/${name}`, async () => {
      const now = this.#clock()
      const stored = await this.#load(name)
      if (!force && stored !== undefined && now < stored.renewAt) return stored
      const pausedUntil = force ? 0 : await this.#pausedUntil(name)
      if (now < pausedUntil)
        throw new TlsError(
          'no_identity',
          `${name}: the last attempt failed; the next one is at ${new Date(pausedUntil).toISOString()}`,
        )
      try {
        const made = await (await this.#account()).issue([name], this.#solver, this.#options.keyKind)
        const pem = made.chainPem + made.privateKeyPem
        await this.storage.write(`certificates/${name}`, pem)
        await this.storage.remove(`failures/${name}`)
        const held = await this.#hold(name, pem)
        if (held === undefined) throw new TlsError('bad_certificate', `${name}: what the CA issued cannot be used`)
        this.#tell({ kind: 'issued', name, until: held.notAfter })
        return await this.#stapled(name, held)
      } catch (error) {
        throw await this.#failed(name, error)
      }
    })
  }

  async #failed(name: string, thrown: unknown): Promise<TlsError> {
    const error =
      thrown instanceof TlsError
        ? thrown
        : new TlsError('internal_error', `${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
            cause: thrown,
          })
    const before = await this.#failures(name)
    const backoff = Math.min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** before.count)
    const asked = error instanceof AcmeError ? (error.retryAt ?? 0) : 0
    const retryAt = Math.max(this.#clock() + backoff, asked)
    await this.storage.write(`failures/${name}`, JSON.stringify({ count: before.count + 1, retryAt }))
    this.#tell({ kind: 'failed', name, error, retryAt })
    return error
  }

  /** Kept in the storage: a restart does not begin to ask again. */
  async #failures(name: string): Promise<{ readonly count: number; readonly retryAt: number }> {
    const none = { count: 0, retryAt: 0 }
    try {
      return { ...none, ...(JSON.parse((await this.storage.read(`failures/${name}`)) ?? '{}') as object) }
    } catch {
      return none
    }
  }

  async #pausedUntil(name: string): Promise<number> {
    return (await this.#failures(name)).retryAt
  }

  async #stapled(name: string, held: Held): Promise<Held> {
    if (this.#options.staple === false || (held.stapleUntil ?? 0) > this.#clock()) return held
    const found = await stapleFor(parseCertificates(held.pem), this.#clock())
    if (found === undefined) return held
    const identity = await loadIdentityWith(nodeProvider)({
      cert: held.pem,
      key: held.pem,
      ...(found.response === undefined ? {} : { ocspResponse: found.response }),
    })
    const stapled = { ...held, identity, stapleUntil: found.refreshAt }
    this.#held.set(name, stapled)
    if (found.response !== undefined) this.#tell({ kind: 'stapled', name, until: found.refreshAt })
    return stapled
  }

  /** One account for all who share the storage. */
  #account(): Promise<AcmeClient> {
    this.#client ??= this.#makeAccount().catch((error: unknown) => {
      this.#client = undefined
      throw error
    })
    return this.#client
  }

  async #makeAccount(): Promise<AcmeClient> {
    const { directoryUrl = letsEncrypt.production, email, externalAccount, termsAgreed, ca, transport } = this.#options
    const at = `accounts/${directoryUrl}`
    const key = await this.storage.lock('locks/account', async () => {
      const kept = await this.storage.read(at)
      if (kept !== undefined) return accountKey(JSON.parse(kept) as JsonWebKey)
      const made = await generateAccountKey()
      await this.storage.write(at, JSON.stringify(made.jwk))
      return made
    })
    return new AcmeClient({
      directoryUrl,
      key,
      termsAgreed,
      transport: transport ?? httpsTransport(ca),
      ...(email === undefined ? {} : { contact: [email] }),
      ...(externalAccount === undefined ? {} : { externalAccount }),
    })
  }

  #tell(event: AcmeEvent): void {
    try {
      this.#options.onEvent?.(event)
    } catch {
      // a log that fails is no reason to stop
    }
  }
}

const isName = (name: string): boolean =>
  name.length <= 253 && /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/.test(name)
