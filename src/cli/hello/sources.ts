// ClientHellos out of what people have: lines of `puretls hello --append`, captures, hexdumps, raw bytes.

import { nodeProvider } from '../../crypto/node.ts'
import { captureConnections } from '../../inspect/capture/index.ts'
import { isCapture } from '../../inspect/capture/packets.ts'
import { parseClientHello } from '../../inspect/hellos.ts'
import { traceData } from '../../inspect/trace-data.ts'
import type { SeenRecord } from '../../inspect/seen.ts'
import type { ClientHelloInfo } from '../../options.ts'
import { fromHex } from '../../wire/bytes.ts'
import { handshakeTypes } from '../../wire/registry.ts'
import { CliError } from '../errors.ts'
import { recordsOf } from '../trace/source.ts'

export interface FoundHello {
  readonly hello: ClientHelloInfo
  /** Who sent it, where that is known. */
  readonly from: string | undefined
}

/** Throws CliError `input` where there is none. */
export const hellosOf = async (bytes: Uint8Array, path: string): Promise<readonly FoundHello[]> => {
  try {
    const found = await readHellos(bytes)
    if (found.length > 0) return found
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new CliError('input', `${path}: ${error.message}`, {
      code: 'no_hello',
      cause: error,
      remedy: 'give lines of `puretls hello --append`, a pcap or pcapng, a hexdump, or records as bytes',
    })
  }
  throw new CliError('input', `${path}: there is no ClientHello in it`, { code: 'no_hello' })
}

const readHellos = async (bytes: Uint8Array): Promise<readonly FoundHello[]> => {
  if (isCapture(bytes)) {
    const { connections } = await captureConnections(bytes)
    return connections.flatMap(({ records, client }) => ofRecords(records, client))
  }
  if (bytes[0] === 0x7b) return ofJson(new TextDecoder().decode(bytes))
  return ofRecords(recordsOf(bytes), undefined)
}

const ofRecords = (records: readonly SeenRecord[], from: string | undefined): readonly FoundHello[] =>
  traceData(records)
    .items.filter(({ kind, bytes }) => kind === 'message' && bytes[0] === handshakeTypes.client_hello)
    .map(({ bytes }) => ({ hello: parseClientHello(bytes, nodeProvider), from }))

const ofJson = (text: string): readonly FoundHello[] => {
  const trimmed = text.trim()
  const values: readonly unknown[] = trimmed.split('\n').every((line) => line.trim().endsWith('}'))
    ? trimmed.split('\n').map((line): unknown => JSON.parse(line))
    : [JSON.parse(trimmed)]
  return values.map((value, i) => {
    const raw = typeof value === 'object' && value !== null && 'raw' in value ? value.raw : undefined
    const from =
      typeof value === 'object' && value !== null && 'from' in value && typeof value.from === 'string'
        ? value.from
        : undefined
    if (typeof raw !== 'string') throw new Error(`line ${i + 1} has no "raw"`)
    return { hello: parseClientHello(fromHex(raw), nodeProvider), from }
  })
}
