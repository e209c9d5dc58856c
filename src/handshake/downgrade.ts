// The downgrade sentinels in a server's random (RFC 9846 section 4.2.3). Checked by client.ts, set by negotiate12.ts.

import { equalBytes } from '../wire/bytes.ts'
import { versions } from '../wire/registry.ts'

const DOWNGRADE = Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44)

/** The last eight bytes of the random: "DOWNGRD" and 1 (TLS 1.2) or 0 (older). */
export const downgradeSentinel = (version: number): Uint8Array =>
  Uint8Array.of(...DOWNGRADE, version === versions['TLS 1.2'] ? 1 : 0)

export const hasSentinel = (random: Uint8Array): boolean =>
  equalBytes(random.subarray(24, 31), DOWNGRADE) && (random[31] ?? 2) <= 1
