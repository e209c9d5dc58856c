// The handshake of a server, and the ClientHello that it answers.

import type { ActiveSuite, ServerConfig } from '../../config.ts'
import type { HpkeReceiver } from '../../keys/hpke.ts'
import type { ClientHelloInfo } from '../../options.ts'
import type { EchOuter } from '../../wire/ech.ts'
import type { ClientHelloExtensions } from '../../wire/extensions.ts'
import type { Message, Messages12, Messages13, ServerHello } from '../../wire/messages.ts'
import type { Handshake } from '../context.ts'
import type { Flow } from '../flow.ts'

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
  /** Undefined in a server that was made without. */
  readonly echPart?: EchPart | undefined
}

/**
 * Encrypted Client Hello on a server (RFC 9849 section 7). ech-server.ts makes it; the rest of the server knows ECH by
 * this interface only, so that a server without ECH does not carry it.
 */
export interface EchPart {
  /** The hello that counts. `first` is what the first one came to, when this is the second. */
  open(config: ServerConfig, received: ClientHelloMessage, first?: ReceivedHello): Flow<OpenedHello>
  /** The ServerHello, with the confirmation in its random where one is expected (section 7.2). */
  confirmHello(hs: ServerHandshake, hello: ReceivedHello, suite: ActiveSuite, fields: ServerHello): ServerHello
  /** The HelloRetryRequest, with the extension where one is expected (section 7.2.1). */
  confirmRetry(hello: ReceivedHello, suite: ActiveSuite, fields: ServerHello): ServerHello
}

export interface OpenedHello {
  readonly message: ClientHelloMessage
  readonly ech: EchOutcome | undefined
}
