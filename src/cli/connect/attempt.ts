// One connection of `puretls connect`: dialled, upgraded by STARTTLS, shaken hands with, with what each step took.
// The server's certificates are judged, and kept together with the judgement, so that a refusal can be explained in
// full.

import { createTrace } from '../../inspect/trace.ts'
import { TlsError } from '../../errors.ts'
import { connect as overStream } from '../../index.node.ts'
import type { ClientOptions, ConnectionInfo, TlsConnection } from '../../index.node.ts'
import type { TracedRecord } from '../../options.ts'
import { contentTypes } from '../../wire/registry.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { CertificateError } from '../../x509/rejection.ts'
import type { CertificateVerifier, VerifiedChain, VerifyRequest } from '../../x509/verifier.ts'
import { dial, limited, orAborted } from '../dial.ts'
import type { Dialled } from '../dial.ts'
import type { Io } from '../io.ts'
import type { Proxy } from '../proxy.ts'
import { startTls } from '../starttls/index.ts'
import type { StartTlsName } from '../starttls/index.ts'
import type { Target } from '../target.ts'

export interface AttemptSettings {
  readonly target: Target
  /** The name to ask for, and that the certificate has to have. */
  readonly serverName: string
  readonly starttls?: StartTlsName | undefined
  readonly proxy?: Proxy | undefined
  readonly timeoutMs: number
  readonly client: Omit<ClientOptions, 'serverName' | 'verifier'>
  readonly verifier: CertificateVerifier
  /** Goes on with a server whose certificate was refused: `insecure` as asked for, `report` only to tell more of
   * it. Nothing is sent in either way that is not in the handshake. */
  readonly onRefusal: 'fail' | 'report'
  readonly onSession?: (session: Uint8Array) => void
}

/** Milliseconds; what did not happen is missing. */
export interface Times {
  readonly lookup?: number
  readonly tcp?: number
  readonly proxy?: number
  readonly starttls?: number
  /** From the ClientHello to the server's first record. */
  readonly serverHello?: number
  /** From there to the end of the handshake, the verification included. */
  readonly finished?: number
  readonly total: number
}

export interface Attempt {
  readonly connection: TlsConnection | undefined
  readonly info: ConnectionInfo | undefined
  /** As the server sent them, leaf first; those that can be parsed. */
  readonly certificates: readonly Certificate[]
  readonly refusal: CertificateError | undefined
  readonly address: string | undefined
  readonly times: Times
  /** How often one side waited for the other. */
  readonly roundTrips: { readonly before: number; readonly handshake: number }
  readonly records: readonly TracedRecord[]
}

export const attempt = async (io: Io, settings: AttemptSettings): Promise<Attempt> => {
  const began = performance.now()
  const dialled = await dial(io, settings.target, settings)
  try {
    return await overDialled(io, settings, dialled, began)
  } catch (error) {
    dialled.stream.destroy()
    throw error
  }
}

const overDialled = async (io: Io, settings: AttemptSettings, dialled: Dialled, began: number): Promise<Attempt> => {
  const { target, serverName, starttls, timeoutMs } = settings
  const upgraded = await upgrade(io, settings, dialled)
  const judge = new Judge(settings.verifier, settings.onRefusal)
  const timed = timedTrace(settings.client.trace)
  const late = `the handshake with ${target.shown} was not done within ${timeoutMs / 1000} s`
  const start = performance.now()
  const done = await limited(io, timeoutMs, late, (signal) =>
    orAborted(
      signal,
      overStream(dialled.stream, {
        ...settings.client,
        serverName,
        verifier: judge.verifier,
        trace: timed.record,
        handshakeTimeout: timeoutMs,
        signal,
        ...(starttls === undefined ? { head: dialled.head } : {}),
        ...(settings.onSession === undefined ? {} : { onSession: settings.onSession }),
      }),
    ),
  ).catch((error: unknown) => failure(error, judge))
  const ended = performance.now()
  const connection = done instanceof TlsError ? undefined : done
  return {
    connection,
    info: connection?.info,
    certificates: judge.certificates.length > 0 ? judge.certificates : parsed(connection?.info.peerCertificates ?? []),
    refusal: judge.refusal,
    address: dialled.address,
    times: { ...dialled.times, ...upgraded.times, ...timed.times(start, ended), total: ended - began },
    roundTrips: {
      before: 1 + (settings.proxy === undefined ? 0 : 1) + upgraded.roundTrips,
      handshake: timed.roundTrips(),
    },
    records: timed.records,
  }
}

/** A refusal of the certificate is told with what is known; the rest is thrown. */
const failure = (error: unknown, judge: Judge): TlsError => {
  if (error instanceof TlsError && judge.refusal !== undefined) return error
  throw error
}

const upgrade = async (
  io: Io,
  { target, serverName, starttls, timeoutMs }: AttemptSettings,
  { stream, head }: Dialled,
): Promise<{ readonly roundTrips: number; readonly times: Pick<Times, 'starttls'> }> => {
  if (starttls === undefined) return { roundTrips: 0, times: {} }
  const began = performance.now()
  const late = `${target.shown} did not agree to TLS (${starttls}) within ${timeoutMs / 1000} s`
  const roundTrips = await limited(io, timeoutMs, late, (signal) =>
    startTls(starttls, stream, serverName, signal, head),
  )
  return { roundTrips, times: { starttls: performance.now() - began } }
}

/** The verifier, with its judgement remembered. */
class Judge {
  readonly verifier: CertificateVerifier
  certificates: readonly Certificate[] = []
  refusal: CertificateError | undefined

  constructor(inner: CertificateVerifier, onRefusal: AttemptSettings['onRefusal']) {
    const verify = async (request: VerifyRequest): Promise<VerifiedChain> => {
      this.certificates = parsed(request.chain)
      try {
        return await inner.verify(request)
      } catch (error) {
        const [leaf] = this.certificates
        if (!(error instanceof CertificateError)) throw error
        this.refusal = error
        if (onRefusal === 'fail' || leaf === undefined) throw error
        return { leaf, chain: this.certificates }
      }
    }
    this.verifier = {
      verify,
      ...(inner.fingerprint === undefined ? {} : { fingerprint: inner.fingerprint }),
      ...(inner.authorities === undefined ? {} : { authorities: inner.authorities }),
    }
  }
}

const parsed = (chain: readonly Uint8Array[]): readonly Certificate[] =>
  chain.flatMap((der) => {
    try {
      return [parseCertificate(der)]
    } catch (error) {
      if (error instanceof TlsError) return []
      throw error
    }
  })

interface TimedTrace {
  readonly record: (record: TracedRecord) => void
  readonly records: readonly TracedRecord[]
  times(start: number, end: number): Pick<Times, 'serverHello' | 'finished'>
  roundTrips(): number
}

const timedTrace = (also: ((record: TracedRecord) => void) | undefined): TimedTrace => {
  const trace = createTrace('client')
  let first: number | undefined
  return {
    records: trace.records,
    record: (record) => {
      if (record.direction === 'received') first ??= performance.now()
      trace.record(record)
      also?.(record)
    },
    times: (start, end) => (first === undefined ? {} : { serverHello: first - start, finished: end - first }),
    roundTrips: () => {
      const flights = trace.records
        .filter(({ type }) => type === contentTypes.handshake)
        .map(({ direction }) => direction)
      return flights.filter((direction, at) => direction === 'received' && flights[at - 1] === 'sent').length
    },
  }
}
