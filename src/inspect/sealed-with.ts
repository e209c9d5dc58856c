// Which secret seals each record, where nobody said: from the messages that change keys (RFC 9846 section 7, RFC 5246
// section 7.1).

import { concat } from '../wire/bytes.ts'
import { contentTypes, extensionTypes, handshakeTypes, TLS13 } from '../wire/registry.ts'
import { decodeMessage, messages13 } from '../wire/messages.ts'
import { splitMessages } from './seen.ts'
import type { SeenRecord, Side } from './seen.ts'

interface State {
  joined: Uint8Array
  finished: boolean
  updates: number
}

/** Names of secrets by record; undefined for records in the clear. */
export const sealedWith = (records: readonly SeenRecord[], version: number): readonly (string | undefined)[] => {
  const states: Record<Side, State> = {
    client: { joined: new Uint8Array(0), finished: false, updates: 0 },
    server: { joined: new Uint8Array(0), finished: false, updates: 0 },
  }
  /** Early data was taken, and EndOfEarlyData has not come. */
  let early = false
  let answered = false
  return records.map((record) => {
    const { sender, encrypted, type, opened, content } = record
    const state = states[sender]
    const key =
      record.key ??
      (encrypted ? keyName(version, sender, state, sender === 'client' && (early || !answered)) : undefined)
    if (type === contentTypes.handshake && opened) {
      const { messages, rest } = splitMessages(concat(state.joined, content))
      state.joined = rest
      for (const message of messages) {
        if (message[0] === handshakeTypes.server_hello) answered = true
        if (message[0] === handshakeTypes.encrypted_extensions) early = acceptsEarlyData(message)
        if (message[0] === handshakeTypes.end_of_early_data) early = false
        if (message[0] === handshakeTypes.finished) state.finished = true
        if (message[0] === handshakeTypes.key_update) state.updates++
      }
    }
    return key
  })
}

const keyName = (version: number, sender: Side, { finished, updates }: State, early: boolean): string => {
  if (version !== TLS13 && !(!version && early)) return `${sender}_write_key`
  if (early && !finished) return 'client_early_traffic_secret'
  return finished ? `${sender}_application_traffic_secret_${updates}` : `${sender}_handshake_traffic_secret`
}

const acceptsEarlyData = (raw: Uint8Array): boolean => {
  try {
    return decodeMessage(messages13, 'EncryptedExtensions', raw).extensions.some(
      ({ type }) => type === extensionTypes.early_data,
    )
  } catch {
    return false
  }
}
