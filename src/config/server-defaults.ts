// What a server makes for itself where options name nothing: ticket keys, and a guard against replays of early data.

import type { Defaults } from './types.ts'
import { memoryReplayGuard } from '../session/replay-guard.ts'
import { rotatingTicketKeys } from '../session/ticket-keys.ts'

export const serverDefaults: Pick<Defaults, 'tickets' | 'replayGuard'> = {
  tickets: (provider, lifetime) => rotatingTicketKeys({ provider, lifetimeSeconds: lifetime }),
  replayGuard: (clock, quarantine) => memoryReplayGuard({ clock, quarantine }),
}
