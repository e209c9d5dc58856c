// One connection's Encrypted Client Hello (RFC 9849 section 6.1): what both ClientHellos have in common.

import type { ClientConfig } from '../../config.ts'
import type { ChosenEchConfig } from '../../ech.ts'
import type { HpkeSender } from '../../keys/hpke.ts'
import type { ClientHandshake } from './client-handshake.ts'

export interface EchContext {
  /** For the inner hello: TLS 1.3 only. */
  readonly config: ClientConfig
  readonly chosen: ChosenEchConfig
  readonly sender: HpkeSender
  /** The handshake that goes on if the server answers the outer hello. */
  readonly outer: ClientHandshake
  /** A HelloRetryRequest confirmed ECH: this is for the second hello. */
  readonly confirmed: boolean
}
