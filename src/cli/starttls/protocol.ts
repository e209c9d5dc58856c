// What a protocol of --starttls is, and what can go wrong before TLS begins.

import type { ClearStream } from '../byte-stream.ts'
import { CliError } from '../errors.ts'

/** Resolves when the next bytes are those of TLS. */
export type StartTls = (clear: ClearStream, serverName: string) => Promise<void>

export const notSpoken = (protocol: string, answer: string): CliError =>
  new CliError('handshake', `the server does not speak ${protocol}: it says "${shown(answer)}"`, {
    code: 'starttls',
    remedy: 'check the port and the protocol of --starttls',
  })

export const notOffered = (protocol: string, answer?: string): CliError =>
  new CliError(
    'handshake',
    `the server speaks ${protocol} and offers no TLS${answer === undefined ? '' : `: it says "${shown(answer)}"`}`,
    { code: 'starttls' },
  )

const shown = (answer: string): string => (answer.length > 80 ? `${answer.slice(0, 80)}...` : answer)
