// Meetings of a client and a server that record the messages they send.

import type { Seam } from '../../src/config.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { memoryReplayGuard, rotatingTicketKeys } from '../../src/session/index.ts'
import type { Messages13 } from '../../src/wire/messages.ts'
import { infoOf, meet } from '../fixtures/engines.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { tls13 } from './misbehaving.ts'

/** A server of TLS 1.3 with tickets of its own keys, which takes early data. */
export const takingEarlyData = (): TestServerOptions => ({
  ...tls13,
  tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
  earlyData: { maxBytes: 1024, replayGuard: memoryReplayGuard() },
})

interface Recorded {
  /** The types of all messages that were sent, in order. */
  readonly types: () => readonly string[]
  readonly seam: Seam
  /** The fields of every message of a type that was sent, in order. */
  sent<T extends keyof Messages13>(type: T): readonly Messages13[T][]
}

export const recorder = (): Recorded => {
  const all: { readonly type: string; readonly fields: object }[] = []
  return {
    seam: {
      outgoing: (message) => {
        all.push(message)
        return message.fields
      },
    },
    types: () => all.map(({ type }) => type),
    sent: <T extends keyof Messages13>(type: T) =>
      all.filter((message) => message.type === type).map(({ fields }) => fields as Messages13[T]),
  }
}

export const dataOf = (
  { extensions = [] }: { readonly extensions?: readonly { type: number; data: Uint8Array }[] | undefined },
  type: number,
): Uint8Array | undefined => extensions.find((extension) => extension.type === type)?.data

/** The first messages of a handshake, of a client and a server that record what they send. */
export const hellosOf = async (client: TestClientOptions = {}, server: TestServerOptions = {}) => {
  const [ofClient, ofServer] = [recorder(), recorder()]
  const meeting = await meet({ ...client, seam: ofClient.seam }, { ...server, seam: ofServer.seam })
  infoOf(meeting.clientEvents)
  const [clientHellos, serverHellos] = [ofClient.sent('ClientHello'), ofServer.sent('ServerHello')]
  return { clientHellos, serverHellos, ofClient, ofServer, meeting }
}
