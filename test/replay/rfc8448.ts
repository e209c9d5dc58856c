// Replays one side of one section of RFC 8448: the engine of that side gets the other side's records and has to give
// out exactly the trace's own, and every secret of the trace has to be among those that the run computed.

import { createPublicKey, verify as verifyBytes, constants, X509Certificate } from 'node:crypto'
import type { DiffieHellman } from '../../src/crypto/groups.ts'
import type { CryptoProvider, Signer } from '../../src/crypto/provider.ts'
import { createClientEngine, createServerEngine } from '../../src/engine/every.ts'
import type { EngineEvent, TlsEngine } from '../../src/engine/types.ts'
import { earlyStage, exportKey } from '../../src/keys/schedule13.ts'
import type { Seam } from '../../src/config.ts'
import type { CommonOptions } from '../../src/options.ts'
import { clientConfigOf, serverConfigOf, type TestClientOptions, type TestServerOptions } from '../fixtures/engines.ts'
import type { TicketProtector } from '../../src/session/interfaces.ts'
import { concat, equalBytes, toHex } from '../../src/wire/bytes.ts'
import type { RawExtension } from '../../src/wire/extensions.ts'
import { decodeMessage, isHelloRetryRequest, messages13 } from '../../src/wire/messages.ts'
import type { ClientHello } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import type { CertificateVerifier } from '../../src/x509/verifier.ts'
import { delayedSigner, nothingObserved, replayProvider } from './provider.ts'
import type { FixedKey, Observed } from './provider.ts'
import { allOf, bytesOf, hasField, messagesOf, recordsOf, traceSection } from './trace.ts'
import type { Side, Step, TraceSection } from './trace.ts'

/** How the other side's bytes arrive: pieces of these lengths, over and over. */
export type Fragmentation = (length: number) => number

export interface ReplayOptions {
  readonly section: 3 | 4 | 5 | 6 | 7
  readonly side: Side
  readonly provider: CryptoProvider
  /** Key agreement of that provider from bare private keys. */
  readonly parts: { readonly x25519: DiffieHellman; readonly p256: DiffieHellman }
  readonly delayed: boolean
  readonly fragment: Fragmentation
}

export interface Replayed {
  readonly records: number
  readonly bytes: number
  /** Values of the trace that were found in the run. */
  readonly secrets: number
  /** What the run leaves for section 4. */
  readonly session: Uint8Array | undefined
  readonly ticketState: Uint8Array | undefined
}

/** Throws with a sentence that says where run and trace part. */
export const replay = async (options: ReplayOptions): Promise<Replayed> => {
  // Section 4 resumes section 3: its ticket and its PSK come from a run of that, not from the vectors.
  const before = options.section === 4 ? await replay({ ...options, section: 3 }) : undefined
  const trace = traceSection(options.section)
  const observed = nothingObserved()
  const left: Mutable = { session: undefined, ticketState: undefined }
  const random = randomsOf(trace, options.side)
  const provider = replayProvider({
    base: options.provider,
    observed,
    delayed: options.delayed,
    random,
    keys: keysOf(trace, options),
  })
  const log: string[] = []
  const common = commonOptions(options, trace, provider, log)
  const engine =
    options.side === 'client'
      ? createClientEngine(clientConfigOf(clientOptions(options, trace, common, before)))
      : createServerEngine(serverConfigOf(serverOptions(options, trace, common, before, left)))
  const run = await drive(engine, trace, options)
  for (const event of run.events) if (event.type === 'session') left.session = event.session
  if (random.length > 0) throw new Error(`${random.length} random values of the trace were not asked for`)
  const secrets = checkSecrets(trace, observed, provider, log, engine)
  return { ...run.sent, secrets, ...left }
}

type Mutable = { -readonly [K in 'session' | 'ticketState']: Replayed[K] }

// ---- the run
// -----------------------------------------------------------------------------------------------------------

const drive = async (engine: TlsEngine, trace: TraceSection, { side, fragment }: ReplayOptions) => {
  const events: EngineEvent[] = []
  const output: Uint8Array[] = []
  const settle = async (): Promise<void> => {
    do {
      while (engine.pending) await engine.pending
      output.push(...engine.takeOutput())
      events.push(...engine.takeEvents())
    } while (engine.pending)
    const failure = events.find((event) => event.type === 'error')
    if (failure?.type === 'error') throw failure.error
  }
  await settle()
  let sent = 0
  let records = 0
  const received: Uint8Array[] = []
  const receivedEarly: Uint8Array[] = []
  for (const { actor, kind, payload, record } of recordsOf(trace)) {
    if (actor !== side) {
      if (kind === 'application_data') (engine.handshakeDone ? received : receivedEarly).push(payload)
      await feed(engine, record, fragment)
      await settle()
      continue
    }
    if (kind === 'application_data' && engine.handshakeDone) await engine.send(payload)
    if (kind === 'alert') await engine.closeWrite()
    await settle()
    const actual = concat(...output).subarray(sent, sent + record.length)
    if (!equalBytes(actual, record)) {
      throw new Error(
        `record ${records + 1} (${kind}) of the ${side} is ${toHex(actual)}, in the trace ${toHex(record)}`,
      )
    }
    sent += record.length
    records++
  }
  const bytes = concat(...output).length
  if (bytes !== sent) throw new Error(`${bytes - sent} bytes went out that are not in the trace`)
  if (!engine.closed) throw new Error('both sides closed, and the engine is still open')
  const data = (type: string) =>
    concat(...events.flatMap((event) => ('data' in event && event.type === type ? [event.data] : [])))
  if (!equalBytes(data('data'), concat(...received))) throw new Error('the application data is not that of the trace')
  if (!equalBytes(data('earlyData'), concat(...receivedEarly)))
    throw new Error('the early data is not that of the trace')
  return { events, sent: { records, bytes } }
}

const feed = async (engine: TlsEngine, record: Uint8Array, fragment: Fragmentation): Promise<void> => {
  for (let offset = 0; offset < record.length;) {
    const length = Math.max(1, fragment(record.length - offset))
    engine.receive(record.slice(offset, offset + length))
    offset += length
    // now and then the provider is given time between two pieces
    if (length % 3 === 0) while (engine.pending) await engine.pending
  }
}

// ---- what the engine is given
// ----------------------------------------------------------------------------------------------

const keysOf = (trace: TraceSection, { side, parts }: ReplayOptions): readonly FixedKey[] =>
  (['x25519', 'p256'] as const).flatMap((name) => {
    const action = `create an ephemeral ${name === 'p256' ? 'P-256' : 'x25519'} key pair`
    return allOf(trace, side, action, 'private key').map((privateKey) => ({ dh: parts[name], privateKey }))
  })

/** The random values in the order in which they are needed. */
const randomsOf = (trace: TraceSection, side: Side): Uint8Array[] => {
  if (side === 'client') {
    const [hello] = clientHellos(trace)
    return hello ? [concat(hello.random, hello.sessionId)] : [] // drawn in one go
  }
  const hellos = messagesOf(trace, 'server', 'ServerHello').map((raw) => decodeMessage(messages13, 'ServerHello', raw))
  const fromHello = hellos.map((hello) => {
    const cookie = hello.extensions?.find(({ type }) => type === extensionTypes.cookie)
    return isHelloRetryRequest(hello) && cookie ? cookie.data.subarray(2) : hello.random
  })
  const tickets = messagesOf(trace, 'server', 'NewSessionTicket').map((raw) =>
    decodeMessage(messages13, 'NewSessionTicket', raw),
  )
  // section 4 issues no ticket: its ageAdd is drawn all the same, before the protector declines
  if (Number(trace.section) === 4) fromHello.push(new Uint8Array(4))
  return [...fromHello, ...tickets.map(({ ageAdd }) => Uint8Array.of(ageAdd >>> 24, ageAdd >> 16, ageAdd >> 8, ageAdd))]
}

const clientHellos = (trace: TraceSection) =>
  messagesOf(trace, 'client', 'ClientHello').map((raw, index) => {
    // in section 4 the message lacks its binders, which stand in the record only
    const whole = recordsOf(trace).filter(({ actor, kind }) => actor === 'client' && kind === 'handshake')[index]
      ?.payload
    return decodeMessage(messages13, 'ClientHello', whole ?? raw)
  })

const START = Date.UTC(2018, 0, 1)
/** What the trace's client says about the age of its ticket in section 4, in milliseconds. */
const ticketAge = (trace: TraceSection): number => {
  const type = extensionTypes.pre_shared_key
  const data =
    clientHellos(trace)[0]?.extensions?.find((extension) => extension.type === type)?.data ?? new Uint8Array(0)
  const [ticket] = messagesOf(traceSection(3), 'server', 'NewSessionTicket')
  const ageAdd = ticket ? decodeMessage(messages13, 'NewSessionTicket', ticket).ageAdd : 0
  const identityLength = ((data[2] ?? 0) << 8) | (data[3] ?? 0)
  const obfuscated = new DataView(data.buffer, data.byteOffset + 4 + identityLength).getUint32(0)
  return (obfuscated - ageAdd + 2 ** 32) % 2 ** 32
}

const commonOptions = (
  { section, side }: ReplayOptions,
  trace: TraceSection,
  provider: CryptoProvider,
  log: string[],
): CommonOptions & { readonly seam: Seam } => ({
  provider,
  versions: { min: 'TLS 1.3' },
  cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_256_GCM_SHA384'],
  groups: section === 5 && side === 'server' ? ['P-256', 'P-384'] : ['X25519', 'P-256', 'P-384', 'P-521'],
  limits: { recordSizeLimit: 16385 },
  keyLog: (line) => log.push(line),
  clock: () => (section === 4 ? START + ticketAge(trace) : START),
  seam: seamOf(trace, side),
})

const clientOptions = (
  { section, delayed }: ReplayOptions,
  trace: TraceSection,
  common: CommonOptions,
  before: Replayed | undefined,
): TestClientOptions => {
  const identity = identityOf(trace, 'client', delayed)
  const [earlyData] = allOf(trace, 'client', 'send application_data', 'payload')
  return {
    ...common,
    serverName: 'server',
    hello: { keyShares: ['X25519'], compatibilityMode: section === 7, shape: shapes(trace) },
    verifier: leafOnly(trace, 'server'),
    ...(identity && { identity }),
    ...(before?.session && earlyData && { session: before.session, earlyData }),
  }
}

const serverOptions = (
  { section, delayed }: ReplayOptions,
  trace: TraceSection,
  common: CommonOptions,
  before: Replayed | undefined,
  left: Mutable,
): TestServerOptions => {
  const identity = identityOf(section === 4 ? traceSection(3) : trace, 'server', delayed)
  const [ticket] = messagesOf(section === 4 ? traceSection(3) : trace, 'server', 'NewSessionTicket')
  const sent = ticket && decodeMessage(messages13, 'NewSessionTicket', ticket)
  const protector: TicketProtector = {
    seal: (state) => {
      if (section !== 3) return undefined
      left.ticketState = state
      return sent?.ticket
    },
    open: (offered) => (sent && equalBytes(offered, sent.ticket) ? before?.ticketState : undefined),
  }
  return {
    ...common,
    ...(identity && { identity }),
    ...(section === 6 && { clientAuth: { mode: 'require', verifier: leafOnly(trace, 'client') } }),
    ...(section === 5 && { hello: { cookie: true } }),
    tickets: sent ? { count: 1, lifetimeSeconds: sent.lifetime, protector } : false,
    earlyData: { maxBytes: sent ? 1024 : 0, replayGuard: { firstSeen: () => true } },
  }
}

/** Takes the certificate of the trace and no other; its 1024-bit key and its dates are not judged. */
const leafOnly = (trace: TraceSection, peer: Side): CertificateVerifier => {
  const expected = certificateOf(trace, peer) ?? certificateOf(traceSection(3), peer)
  return {
    fingerprint: 'the certificate of RFC 8448',
    verify: ({ chain: [der] }) => {
      if (!der || !expected || !equalBytes(der, expected)) throw new Error('not the certificate of the trace')
      const leaf = parseCertificate(der)
      return { leaf, chain: [leaf] }
    },
  }
}

const certificateOf = (trace: TraceSection, side: Side): Uint8Array | undefined => {
  const [raw] = messagesOf(trace, side, 'Certificate')
  return raw && decodeMessage(messages13, 'Certificate', raw).entries[0]?.data
}

/** The trace's certificate, with a signer that gives out the trace's signature only for what that signature is over. */
const identityOf = (trace: TraceSection, side: Side, delayed: boolean) => {
  const cert = certificateOf(trace, side)
  const [raw] = messagesOf(trace, side, 'CertificateVerify')
  if (!cert || !raw) return undefined
  const { scheme, signature } = decodeMessage(messages13, 'CertificateVerify', raw)
  const key = createPublicKey(new X509Certificate(cert).publicKey.export({ format: 'pem', type: 'spki' }))
  const pss = scheme === 0x0804
  const signer: Signer = {
    algorithms: [pss ? 'rsa_pss_sha256' : 'ecdsa_sha256'],
    sign: (_, content) => {
      const how = pss
        ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
        : { key, dsaEncoding: 'der' as const }
      if (verifyBytes('sha256', content, how, signature)) return signature
      throw new Error('what is to be signed is not what the trace signed')
    },
  }
  return { cert, key: delayedSigner(signer, delayed) }
}

// ---- what the trace does that we would not
// -------------------------------------------------------------------------------

/**
 * Extensions whose content is taken from the trace, since it lists groups and schemes (ffdhe, DSA, SHA-1) that are not
 * ours.
 */
const borrowed: ReadonlySet<number> = new Set([
  extensionTypes.supported_groups,
  extensionTypes.signature_algorithms,
  extensionTypes.renegotiation_info,
  extensionTypes.session_ticket,
  extensionTypes.padding,
])

/** The trace's extensions in its order: borrowed ones as they are, all others with what we put into them. */
const inOrderOf = (
  expected: readonly RawExtension[],
  ours: readonly RawExtension[],
  more: readonly number[] = [],
): RawExtension[] =>
  expected.flatMap((wanted) =>
    borrowed.has(wanted.type) || more.includes(wanted.type)
      ? [wanted]
      : ours.filter(({ type }) => type === wanted.type),
  )

const shapes = (trace: TraceSection) => {
  const hellos = clientHellos(trace)
  let sent = 0
  return (hello: ClientHello): ClientHello => {
    const expected = hellos[sent++]?.extensions
    if (!expected || !hello.extensions) throw new Error('more ClientHellos than the trace has')
    return { ...hello, extensions: inOrderOf(expected, hello.extensions) }
  }
}

const seamOf = (trace: TraceSection, side: Side): Seam => ({
  outgoing: ({ type, fields }) => {
    if (side !== 'server' || (type !== 'EncryptedExtensions' && type !== 'CertificateRequest')) return fields
    const [raw] = messagesOf(trace, 'server', type)
    if (!raw || !('extensions' in fields) || !Array.isArray(fields.extensions))
      throw new Error(`${type} is not in the trace`)
    // the trace acknowledges server_name in a resumed handshake too, which RFC 6066 section 3 forbids
    const more = Number(trace.section) === 4 ? [extensionTypes.server_name] : []
    return {
      ...fields,
      extensions: inOrderOf(decodeMessage(messages13, type, raw).extensions, fields.extensions, more),
    }
  },
})

// ---- secrets
// ---------------------------------------------------------------------------------------------------------------

/** Each derivation of the trace, inputs and output, was made in this run. Returns how many values were compared. */
const checkSecrets = (
  trace: TraceSection,
  observed: Observed,
  provider: CryptoProvider,
  log: readonly string[],
  engine: TlsEngine,
): number => {
  let compared = 0
  const need = (found: boolean, what: string): void => {
    if (!found) throw new Error(`${what}: the run has no such value`)
    compared++
  }
  const logged = new Map(log.map((line) => [line.split(' ')[0] ?? '', line.split(' ')[2] ?? '']))
  for (const step of trace.steps.filter(({ fields }) => fields.length > 0)) {
    if (step.action === 'derive secret "tls13 e exp master"') checkEarlyExporter(step, trace, provider, need)
    else checkStep(step, observed, need)
    const label = keyLogLabels[step.action]
    if (label && logged.has(label)) need(logged.get(label) === toHex(bytesOf(step, 'expanded')), `key log: ${label}`)
    if (label) need(logged.has(label), `key log: ${label} is missing`)
  }
  const [exporter] = allOf(trace, 'server', 'derive secret "tls13 exp master"', 'expanded')
  const { sha256 } = provider.hashes
  const context = Uint8Array.of(1, 2, 3)
  const exported = exporter && sha256 && exportKey(sha256, exporter, 'EXPERIMENTAL replay', context, 40)
  need(
    exported !== undefined && equalBytes(exported, engine.exportKeyingMaterial(40, 'EXPERIMENTAL replay', context)),
    'exporter',
  )
  return compared
}

const keyLogLabels: Readonly<Record<string, string>> = {
  'derive secret "tls13 c e traffic"': 'CLIENT_EARLY_TRAFFIC_SECRET',
  'derive secret "tls13 c hs traffic"': 'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'derive secret "tls13 s hs traffic"': 'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'derive secret "tls13 c ap traffic"': 'CLIENT_TRAFFIC_SECRET_0',
  'derive secret "tls13 s ap traffic"': 'SERVER_TRAFFIC_SECRET_0',
  'derive secret "tls13 exp master"': 'EXPORTER_SECRET',
}

type Need = (found: boolean, what: string) => void

const checkStep = (step: Step, observed: Observed, need: Need): void => {
  const { action } = step
  const expanded = (info: string, output: string): void => {
    const key = `${toHex(bytesOf(step, 'PRK'))}|${toHex(bytesOf(step, info))}01`
    need(observed.hmacs.get(key)?.startsWith(toHex(bytesOf(step, output))) ?? false, `${action}, ${output}`)
  }
  if (action.startsWith('extract secret')) {
    const salt = hasField(step, 'salt') ? toHex(bytesOf(step, 'salt')) : ''
    const extracted = observed.hmacs.get(`${salt === '' ? '00'.repeat(32) : salt}|${toHex(bytesOf(step, 'IKM'))}`)
    need(extracted === toHex(bytesOf(step, 'secret')), action)
    if (action.includes('"handshake"')) need(observed.shared.has(toHex(bytesOf(step, 'IKM'))), 'the (EC)DHE secret')
  } else if (action.includes('traffic keys')) {
    expanded('key info', 'key expanded')
    expanded('iv info', 'iv expanded')
    need(observed.keys.has(toHex(bytesOf(step, 'key expanded'))), `${action}: the AEAD's key`)
    const iv = toHex(bytesOf(step, 'iv expanded'))
    need(observed.nonces.has(iv), `${action}: the AEAD's first nonce`)
  } else if (hasField(step, 'expanded')) {
    expanded('info', 'expanded')
    const hash = hasField(step, 'hash') ? toHex(bytesOf(step, 'hash')) : ''
    if (hash.length === 64) need(observed.digests.has(hash), `${action}: the transcript hash`)
    if (hasField(step, 'finished')) checkFinished(step, observed, need)
  }
}

/** Finished and binders: an HMAC under the expanded key, over a transcript hash of this run. */
const checkFinished = (step: Step, { hmacs, digests }: Observed, need: Need): void => {
  const key = `${toHex(bytesOf(step, 'expanded'))}|`
  const made = [...hmacs].filter(([input]) => input.startsWith(key))
  const finished = toHex(bytesOf(step, 'finished'))
  need(
    made.some(([input, output]) => output === finished && digests.has(input.slice(key.length))),
    `${step.action}, finished`,
  )
  if (hasField(step, 'binder hash'))
    need(digests.has(toHex(bytesOf(step, 'binder hash'))), `${step.action}, binder hash`)
}

/** Nothing in a handshake asks for the early exporter secret, so the key schedule is asked directly. */
const checkEarlyExporter = (
  step: Step,
  trace: TraceSection,
  { hashes: { sha256 } }: CryptoProvider,
  need: Need,
): void => {
  const psk = allOf(trace, 'client', 'extract secret "early"', 'IKM')[0]
  const secret = sha256 && psk && earlyStage(sha256, psk).earlyExporter(bytesOf(step, 'hash'))
  need(secret !== undefined && equalBytes(secret, bytesOf(step, 'expanded')), step.action)
}
