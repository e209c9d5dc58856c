// A TLS connection for commands that look at servers rather than talk to them: dialled, with limits, every certificate
// accepted unless the caller judges it. Nothing but the handshake is sent.

import { TlsError } from '../errors.ts'
import { connect } from '../index.node.ts'
import type { ClientOptions, TlsConnection } from '../index.node.ts'
import { dangerouslyAcceptAnyCertificate } from '../x509/accept-any.ts'
import { dial, limited, orAborted } from './dial.ts'
import type { Io } from './io.ts'
import type { Target } from './target.ts'

export interface OpenSettings {
  readonly target: Target
  /** Default: the target's host. */
  readonly serverName?: string | undefined
  readonly timeoutMs: number
  readonly client?: Omit<ClientOptions, 'serverName'>
}

/** Rejects with the errors of dial() and with TlsError. */
export const openTls = async (
  io: Io,
  { target, serverName, timeoutMs, client }: OpenSettings,
): Promise<TlsConnection> => {
  const { stream } = await dial(io, target, { timeoutMs })
  const late = `the handshake with ${target.shown} was not done within ${timeoutMs / 1000} s`
  try {
    return await limited(io, timeoutMs, late, (signal) =>
      orAborted(
        signal,
        connect(stream, {
          verifier: dangerouslyAcceptAnyCertificate,
          ...client,
          serverName: serverName ?? target.host,
          handshakeTimeout: timeoutMs,
          signal,
        }),
      ),
    )
  } catch (error) {
    stream.destroy()
    throw error
  }
}

/** Closes without waiting for long. */
export const closeTls = async (connection: TlsConnection): Promise<void> => {
  await connection.close({ timeoutMs: 500 }).catch((error: unknown) => {
    if (!(error instanceof TlsError)) throw error
  })
}
