// Reserved values that a peer has to ignore (GREASE, RFC 8701): what keeps extension points usable.

import type { CommonConfig } from '../config.ts'
import type { RawExtension } from '../wire/extensions.ts'

/** One of 0x0A0A, 0x1A1A, ... 0xFAFA (section 2). */
export const reserved = (random: number): number => ((random & 0xf0) | 0x0a) * 0x0101

/** A server's reserved extension for CertificateRequest and NewSessionTicket (section 4.1); none without the option. */
export const greaseExtension = ({ grease, provider }: CommonConfig): readonly RawExtension[] =>
  grease ? [{ type: reserved(provider.random(1)[0] ?? 0), data: new Uint8Array(0) }] : []

/**
 * A server's signature schemes for CertificateRequest, with a reserved one in front where the option is on (section
 * 4.1).
 */
export const greasedSchemes = ({ grease, provider }: CommonConfig, schemes: readonly number[]): readonly number[] =>
  grease ? [reserved(provider.random(1)[0] ?? 0), ...schemes] : schemes
