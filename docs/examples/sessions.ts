// A client that remembers sessions and asks with its first flight; a server of a fleet that answers before the
// handshake is done.

import { connect, createServer } from 'puretls'
import type { AnyDuplex, ServerOptions, TlsConnection } from 'puretls'
import { nodeProvider } from 'puretls/crypto/node'
import { memorySessionCache, sharedReplayGuard, sharedTicketKeys } from 'puretls/session'
import type { SharedStore } from 'puretls/session'

const sessions = memorySessionCache()
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array | null): string => new TextDecoder().decode(data ?? undefined)

/**
 * Options that are the same on every machine: they resume each other's sessions, and accept early data once among them.
 */
export const fleet = (cert: string, key: string, secret: Uint8Array, store: SharedStore): ServerOptions => ({
  cert,
  key,
  tickets: { protector: sharedTicketKeys({ provider: nodeProvider, secret }) },
  earlyData: { maxBytes: 1024, replayGuard: sharedReplayGuard({ store }) },
})

/** Answers a question that may safely be asked twice at once, and any other when the handshake is done. */
export const answer = async (stream: AnyDuplex, options: ServerOptions): Promise<void> => {
  let answered: Promise<void> | undefined
  const connection = await createServer(options).accept(stream, {
    onEarlyData: (data, reply) => {
      if (text(data) === 'time?') answered = reply(bytes('noon, early'))
    },
  })
  const question = answered ? undefined : (connection.earlyData[0] ?? (await connection.read()))
  if (question) await connection.write(bytes(`noon, in answer to ${text(question)}`))
  await answered
  await connection.close()
}

/** Asks at once if a session allows it; what was not taken early is asked again, which is for the caller to decide. */
export const ask = async (stream: AnyDuplex, ca: string, question: string): Promise<string> => {
  const connection: TlsConnection = await connect(stream, {
    serverName: 'localhost',
    ca,
    sessions,
    earlyData: bytes(question),
  })
  const { earlyData, resumed } = connection.info
  if (earlyData !== 'accepted') await connection.write(bytes(question))
  const reply = text(await connection.read())
  await connection.close()
  return `${reply} (resumed: ${resumed}, early data: ${earlyData})`
}
