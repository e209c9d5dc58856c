// The handshake of a client, and the message that answers its hello.

import type { ClientConfig } from '../../config.ts'
import type { Message, Messages12, Messages13 } from '../../wire/messages.ts'
import type { Handshake } from '../context.ts'

export type ClientHandshake = Handshake<ClientConfig, Messages13>
export type ClientHandshake12 = Handshake<ClientConfig, Messages12>
export type ServerHelloMessage = Message<Messages13, 'ServerHello'>

/** A HelloRequest while a handshake runs is ignored (RFC 5246 section 7.4.1.1). */
export const ignoredByClients12 = ['HelloRequest'] as const
