// What was fetched, by address: bounded in bytes, asked for once at a time, with a limit on size and time for each
// answer. The requests themselves are the caller's `fetch`.

import { joined } from '../wire/bytes.ts'

/** What is asked of the caller's `fetch`. */
export interface FetchInit {
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: Uint8Array<ArrayBuffer>
  readonly signal: AbortSignal
}

/** What is read of its answer. */
export interface FetchedResponse {
  readonly ok: boolean
  readonly status: number
  readonly body: ReadableStream<Uint8Array> | null
  arrayBuffer(): Promise<ArrayBuffer>
}

/** The part of `globalThis.fetch` that is used. */
export type FetchFunction = (url: string, init: FetchInit) => Promise<FetchedResponse>

export interface FetchLimits {
  readonly fetch: FetchFunction
  /** Milliseconds for one answer, its body included. */
  readonly timeoutMs: number
  /** Bytes of one answer. */
  readonly maxBytes: number
  /** Bytes of all answers that are kept. */
  readonly maxCacheBytes: number
  /** Milliseconds that an answer is kept at most, whatever it says. */
  readonly maxCacheMs: number
  /** Milliseconds that an address which failed is not asked again. */
  readonly retryMs: number
  readonly clock: () => number
}

/** One answer, read: what it is and until when it is good, in milliseconds since the epoch. */
export interface ReadAnswer<T> {
  readonly value: T
  readonly until: number
}

interface Entry<T> {
  /** Undefined: it failed. */
  readonly value: T | undefined
  readonly until: number
  readonly bytes: number
}

/** What an entry costs beside its bytes. */
const ENTRY_BYTES = 512
/** Requests that run at a time; more are refused, since they come from peers. */
const MAX_IN_FLIGHT = 64

export class FetchCache<T> {
  readonly #limits: FetchLimits
  /** Throws for bytes that are of no use. */
  readonly #read: (bytes: Uint8Array) => ReadAnswer<T>
  /** The entry that was used last comes last. */
  readonly #entries = new Map<string, Entry<T>>()
  readonly #inFlight = new Map<string, Promise<T | undefined>>()
  #bytes = 0

  constructor(limits: FetchLimits, read: (bytes: Uint8Array) => ReadAnswer<T>) {
    this.#limits = limits
    this.#read = read
  }

  /** The answer of an address, kept or fetched; undefined if there is none. `keep` false asks again each time. */
  get(url: string, init: Omit<FetchInit, 'signal'>, key: string = url, keep = true): Promise<T | undefined> {
    const known = this.#entries.get(key)
    if (known !== undefined && known.until > this.#limits.clock()) {
      this.#entries.delete(key)
      this.#entries.set(key, known)
      return Promise.resolve(known.value)
    }
    const running = this.#inFlight.get(key)
    if (running !== undefined) return running
    if (this.#inFlight.size >= MAX_IN_FLIGHT) return Promise.resolve(undefined)
    const answer = this.#load(url, init, key, keep).finally(() => this.#inFlight.delete(key))
    this.#inFlight.set(key, answer)
    return answer
  }

  /** Does not keep what turned out to be of no use; the address is asked again when it is next needed. */
  forget(isIt: (value: T, key: string) => boolean): void {
    for (const [key, { value }] of this.#entries) if (value !== undefined && isIt(value, key)) this.#drop(key)
  }

  async #load(url: string, init: Omit<FetchInit, 'signal'>, key: string, keep: boolean): Promise<T | undefined> {
    const { clock, retryMs, maxCacheMs } = this.#limits
    try {
      const bytes = await this.#fetch(url, init)
      const { value, until } = this.#read(bytes)
      const now = clock()
      const kept = Math.min(Math.max(until, now + retryMs), now + maxCacheMs)
      if (keep) this.#keep(key, { value, until: kept, bytes: bytes.length + key.length + ENTRY_BYTES })
      return value
    } catch {
      if (keep) this.#keep(key, { value: undefined, until: clock() + retryMs, bytes: key.length + ENTRY_BYTES })
      return undefined
    }
  }

  #keep(key: string, entry: Entry<T>): void {
    this.#drop(key)
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limits.maxCacheBytes) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }

  /** Ends at the deadline even if `fetch` does not listen to its signal. */
  async #fetch(url: string, init: Omit<FetchInit, 'signal'>): Promise<Uint8Array> {
    const { fetch, timeoutMs, maxBytes } = this.#limits
    const controller = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    })
    const work = async (): Promise<Uint8Array> => {
      const response = await fetch(url, { ...init, signal: controller.signal })
      if (!response.ok) throw new Error(`status ${response.status}`)
      return await readBody(response, maxBytes)
    }
    try {
      return await Promise.race([work(), deadline])
    } finally {
      clearTimeout(timer)
      controller.abort()
    }
  }
}

const readBody = async (response: FetchedResponse, maxBytes: number): Promise<Uint8Array> => {
  if (response.body === null) return limited(new Uint8Array(await response.arrayBuffer()), maxBytes)
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > maxBytes) throw new Error(`more than ${maxBytes} bytes`)
    chunks.push(value)
  }
  return joined(chunks)
}

const limited = (bytes: Uint8Array, maxBytes: number): Uint8Array => {
  if (bytes.length > maxBytes) throw new Error(`more than ${maxBytes} bytes`)
  return bytes
}
