// Opens the connections of a scan, so many at a time and with a pause between them, and counts them.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Io } from '../io.ts'
import { CliError } from '../errors.ts'
import { openTransport } from '../open.ts'
import type { StartTlsName } from '../starttls/index.ts'
import type { Target } from '../target.ts'
import { RawConnection } from './raw.ts'
import type { Answer, Offer } from './raw.ts'

export interface ScanSettings {
  readonly target: Target
  readonly serverName: string
  readonly starttls: StartTlsName | undefined
  readonly timeoutMs: number
  /** Connections at a time. */
  readonly parallel: number
  /** Milliseconds between the beginnings of two connections. */
  readonly delayMs: number
}

export class Prober {
  readonly io: Io
  readonly settings: ScanSettings
  readonly #progress: (line: string) => Promise<void>
  #connections = 0
  #busy = 0
  #lastStart = 0
  readonly #waiting: (() => void)[] = []

  constructor(io: Io, settings: ScanSettings, progress: (line: string) => Promise<void>) {
    this.io = io
    this.settings = settings
    this.#progress = progress
  }

  /** Opened so far. */
  get connections(): number {
    return this.#connections
  }

  async say(what: string): Promise<void> {
    await this.#progress(`${what} (${this.#connections} connections) ...`)
  }

  /** Runs `work` when there is room for another connection. */
  async slot<T>(work: () => Promise<T>): Promise<T> {
    if (this.io.signal.aborted) throw new CliError('interrupted', 'interrupted')
    if (this.#busy >= this.settings.parallel) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#busy++
    this.#connections++
    const wait = this.#lastStart + this.settings.delayMs - performance.now()
    this.#lastStart = Math.max(performance.now(), this.#lastStart + this.settings.delayMs)
    if (wait > 0) await sleep(wait)
    try {
      return await work()
    } finally {
      this.#busy--
      this.#waiting.shift()?.()
    }
  }

  /** A raw connection for `work`, destroyed behind it. */
  raw<T>(work: (connection: RawConnection) => Promise<T>): Promise<T> {
    return this.slot(async () => {
      const stream = await openTransport(this.io, this.settings)
      stream.on('error', () => {})
      const connection = new RawConnection(stream, this.settings.timeoutMs)
      try {
        return await work(connection)
      } finally {
        connection.destroy()
      }
    })
  }

  /** One hello and its answer. */
  ask(offer: Offer): Promise<Answer> {
    return this.raw((connection) => connection.exchange({ serverName: this.settings.serverName, ...offer }))
  }
}
