// Bytes that somebody brought: a capture, a hexdump, or records as they are.

import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { nodeProvider } from '../../crypto/node.ts'
import { captureConnections } from '../../inspect/capture/index.ts'
import { isCapture } from '../../inspect/capture/packets.ts'
import { parseHexdump, recordsOfBytes } from '../../inspect/hex-input.ts'
import type { SeenRecord } from '../../inspect/seen.ts'
import { beginsMessage, traceData } from '../../inspect/trace-data.ts'
import { CliError } from '../errors.ts'
import { readInput } from '../files.ts'
import type { Io } from '../io.ts'
import type { TraceReport } from './report.ts'

/** Whether SOURCE is a file: `-`, or one that is there. */
export const isFile = async (io: Io, source: string): Promise<boolean> => {
  if (source === '-') return true
  const found = await stat(resolve(io.cwd, source)).catch(() => undefined)
  return (
    found?.isFile() === true ||
    /[/\\]/.test(source.replace(/^[a-z]+:\/\//i, '')) ||
    /\.(pcap|pcapng|cap|hex|txt|bin|json)$/i.test(source)
  )
}

/** Throws CliError `input` for any other file. */
export const readSource = async (io: Io, path: string, keyLog: string | undefined): Promise<TraceReport> => {
  const bytes = await readInput(io, path)
  try {
    if (isCapture(bytes)) return await ofCapture(bytes, keyLog)
    const records = recordsOf(bytes)
    const connections = [
      {
        data: traceData(records, { provider: nodeProvider }),
        client: undefined,
        server: undefined,
        problems: [],
        failure: undefined,
      },
    ]
    return { source: 'bytes', problems: [], connections }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new CliError('input', `${path}: ${error.message}`, {
      code: 'not_a_trace',
      cause: error,
      remedy: 'give a pcap or pcapng, a hexdump, or records as bytes',
    })
  }
}

/** Raw bytes, or text in hex. */
export const recordsOf = (bytes: Uint8Array): readonly SeenRecord[] =>
  beginsMessage(bytes) || ((bytes[0] ?? 0) >= 20 && (bytes[0] ?? 0) <= 24 && bytes[1] === 3)
    ? recordsOfBytes(bytes)
    : recordsOfBytes(parseHexdump(new TextDecoder().decode(bytes)))

const ofCapture = async (bytes: Uint8Array, keyLog: string | undefined): Promise<TraceReport> => {
  const { connections, packets, otherStreams, problems } = await captureConnections(bytes, {
    keyLog,
    provider: nodeProvider,
  })
  const none =
    connections.length > 0
      ? []
      : [`no TLS connection in ${packets} packets${otherStreams > 0 ? ` (${otherStreams} other TCP streams)` : ''}`]
  return {
    source: 'capture',
    problems: [...problems, ...none],
    connections: connections.map(({ records, secrets, client, server, problems: lost }) => ({
      data: traceData(records, { secrets, provider: nodeProvider }),
      client,
      server,
      problems: lost,
      failure: undefined,
    })),
  }
}
