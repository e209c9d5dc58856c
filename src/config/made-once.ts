// What a server makes for itself where options name nothing: the ticket keys and the guard against replays. They
// outlive the config of one connection, which onClientHello may have changed, and of one update: a ticket is sealed in
// one connection and opened in another.

import type { CryptoProvider } from '../crypto/provider.ts'
import type { ReplayGuard, TicketProtector } from '../session/interfaces.ts'

/** Bytes: of early data by a ticket that another server made. */
const MIN_SKIPPED = 16_384

export class MadeOnce {
  readonly #protectors = new WeakMap<CryptoProvider, TicketProtector>()
  #guard: ReplayGuard | undefined
  #mostEarlyData = MIN_SKIPPED

  /** `lifetime` in seconds counts the first time. */
  protector(
    make: ((provider: CryptoProvider, lifetime: number) => TicketProtector) | undefined,
    provider: CryptoProvider,
    lifetime: number,
  ): TicketProtector | undefined {
    const protector = this.#protectors.get(provider) ?? make?.(provider, lifetime)
    if (protector) this.#protectors.set(provider, protector)
    return protector
  }

  /** `quarantine` in milliseconds counts the first time. */
  replayGuard(
    make: ((clock: () => number, quarantine: number) => ReplayGuard) | undefined,
    clock: () => number,
    quarantine: number,
  ): ReplayGuard | undefined {
    return (this.#guard ??= make?.(clock, quarantine))
  }

  /** Bytes of early data that tickets allow, `now` or before: so many are skipped where early data is refused. */
  mostEarlyData(now: number): number {
    return (this.#mostEarlyData = Math.max(this.#mostEarlyData, now))
  }
}
