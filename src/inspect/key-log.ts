// SSLKEYLOGFILE (RFC 9850): lines of a label, a client random and a secret, as text in and by connection out.

import { requireText } from '../checked-options.ts'
import { fromHex, toHex } from '../wire/bytes.ts'

/** The labels of TLS (RFC 9850 section 2.1 and 2.2); others are kept too. */
export const keyLogLabels: readonly string[] = [
  'CLIENT_RANDOM',
  'CLIENT_EARLY_TRAFFIC_SECRET',
  'EARLY_EXPORTER_SECRET',
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
  'EXPORTER_SECRET',
  'ECH_SECRET',
  'ECH_CONFIG',
]

/** Secrets of one connection, by label. */
export type ConnectionSecrets = ReadonlyMap<string, Uint8Array>

/** A key log that was read. */
export interface KeyLog {
  /** By the client random, in hex. */
  readonly connections: ReadonlyMap<string, ConnectionSecrets>
  /** Lines that are neither entries nor comments: their numbers, from 1, at most 20. */
  readonly malformed: readonly number[]
  /** The secrets of the connection with this client random. */
  of(clientRandom: Uint8Array): ConnectionSecrets | undefined
}

const MAX_MALFORMED = 20
const entry = /^([A-Z][A-Z0-9_]*) ([0-9a-fA-F]{64}) ((?:[0-9a-fA-F]{2})+)$/

/** Reads a key log: any line ends; comments and lines that are no entries are left out. Never throws. */
export const parseKeyLog = (text: string): KeyLog => {
  requireText(text, 'key log')
  const connections = new Map<string, Map<string, Uint8Array>>()
  const malformed: number[] = []
  let number = 0
  for (const given of text.split(/\r\n|\n|\r/)) {
    number++
    const line = given.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, label, random, secret] = entry.exec(line) ?? []
    if (label === undefined || random === undefined || secret === undefined) {
      if (malformed.length < MAX_MALFORMED) malformed.push(number)
      continue
    }
    const key = random.toLowerCase()
    const secrets = connections.get(key) ?? new Map<string, Uint8Array>()
    secrets.set(label, fromHex(secret))
    connections.set(key, secrets)
  }
  return { connections, malformed, of: (clientRandom) => connections.get(toHex(clientRandom)) }
}
