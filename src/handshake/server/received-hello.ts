// The handshake of a server, and the ClientHello that it answers.

import type { ServerConfig } from '../../config.ts'
import type { HpkeReceiver } from '../../keys/hpke.ts'
import type { ClientHelloInfo } from '../../options.ts'
import type { EchOuter } from '../../wire/ech.ts'
import type { ClientHelloExtensions } from '../../wire/extensions.ts'
import type { Message, Messages12, Messages13 } from '../../wire/messages.ts'
import type { Handshake } from '../context.ts'

export type ServerHandshake = Handshake<ServerConfig, Messages13>
export type ServerHandshake12 = Handshake<ServerConfig, Messages12>
export type ClientHelloMessage = Message<Messages13, 'ClientHello'>

/** What a ClientHello came to. */
export type EchOutcome =
  | { readonly kind: 'accepted'; readonly context: HpkeReceiver; readonly outer: EchOuter }
  /** We stand behind a server that decrypted it (section 7.2). */
  | { readonly kind: 'backend' }
  /** Nothing of ours: GREASE, or a key that we do not have. */
  | { readonly kind: 'rejected' }

/** A ClientHello with its extensions read. */
export interface ReceivedHello {
  readonly message: ClientHelloMessage
  readonly extensions: ClientHelloExtensions
  readonly info: ClientHelloInfo
  /** What Encrypted Client Hello came to; undefined where the client sent none. */
  readonly ech?: EchOutcome | undefined
}
