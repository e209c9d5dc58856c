// A TLS connection for commands that look at servers rather than talk to them: dialled, with limits, every certificate
// accepted unless the caller judges it. Nothing but the handshake is sent.

import type { Duplex } from 'node:stream'
import { TlsError } from '../errors.ts'
import { connect } from '../index.node.ts'
import type { ClientOptions, TlsConnection } from '../index.node.ts'
import { dangerouslyAcceptAnyCertificate } from '../x509/accept-any.ts'
import { dial, limited, orAborted } from './dial.ts'
import type { Io } from './io.ts'
import { startTls } from './starttls/index.ts'
import type { StartTlsName } from './starttls/index.ts'
import type { Target } from './target.ts'

export interface TransportSettings {
  readonly target: Target
  /** Default: the target's host. */
  readonly serverName?: string | undefined
  /** For TCP, for STARTTLS and for the handshake, each. */
  readonly timeoutMs: number
  /** TLS begins when the server has agreed to it in this protocol. */
  readonly starttls?: StartTlsName | undefined
}

export interface OpenSettings extends TransportSettings {
  readonly client?: Omit<ClientOptions, 'serverName'>
}

/** A stream on which TLS begins with the next byte. Rejects with the errors of dial() and of startTls(). */
export const openTransport = async (
  io: Io,
  { target, serverName, timeoutMs, starttls }: TransportSettings,
): Promise<Duplex> => {
  const { stream, head } = await dial(io, target, { timeoutMs })
  if (starttls === undefined) return stream
  const late = `${target.shown} did not agree to TLS (${starttls}) within ${timeoutMs / 1000} s`
  try {
    await limited(io, timeoutMs, late, (signal) => startTls(starttls, stream, serverName ?? target.host, signal, head))
    return stream
  } catch (error) {
    stream.destroy()
    throw error
  }
}

/** Rejects with the errors of openTransport() and with TlsError. */
export const openTls = async (io: Io, { client, ...settings }: OpenSettings): Promise<TlsConnection> => {
  const { target, serverName, timeoutMs } = settings
  const stream = await openTransport(io, settings)
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
