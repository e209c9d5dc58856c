// Turns one connection's flags into ClientOptions or ServerOptions, as BoringSSL's shim turns them into an SSL. What
// outlives a connection (sessions, ticket keys, the clock) is in Carried. shim.ts calls it.

import { andThen as then } from '../../../src/crypto/maybe.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { echClientConfig } from '../../../src/ech.ts'
import type { ConnectionInfo } from '../../../src/info.ts'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { TlsError } from '../../../src/errors.ts'
import type {
  CertificateRequestInfo,
  ClientAuthOptions,
  ClientHelloInfo,
  ClientHelloOptions,
  ClientOptions,
  ClientTls12Options,
  CommonOptions,
  ServerHelloOptions,
  ServerOptions,
  TicketOptions,
} from '../../../src/options.ts'
import type { ServerSessionStore, TicketProtector } from '../../../src/session/interfaces.ts'
import { fromHex, toHex } from '../../../src/wire/bytes.ts'
import {
  cipherSuites,
  namedGroupById,
  type ProtocolVersion,
  signatureSchemeById,
  TLS12,
  TLS13,
} from '../../../src/wire/registry.ts'
import { identitiesOf, type Later, verifierOf } from './credentials.ts'
import { bytesOf, Defect, type Flags, listOf, numberOf, textOf, Unimplemented } from './flags.ts'
import { MessageLog } from './messages.ts'
import { certificateCodecs } from './codecs.ts'
import { policyOf } from './policies.ts'

/** What one connection leaves for the next, and what the callbacks saw. */
export interface Carried {
  readonly provider: CryptoProvider
  readonly protector: TicketProtector
  readonly sessions: ServerSessionStore
  session: Uint8Array | undefined
  /** Milliseconds since the epoch. */
  readonly start: number
  /** Milliseconds by which -resumption-delay moved the clock. */
  delay: number
}

/** What the callbacks of one connection noted, for the checks. */
export interface Noted {
  hello: ClientHelloInfo | undefined
  /** The last request for our certificate. */
  asked: CertificateRequestInfo | undefined
  /** Whether the verifier was asked about the peer's certificate. */
  verified: boolean
  keyLog: Map<string, Uint8Array>
  storedSession: boolean
  renegotiations: number
  readonly messages: MessageLog
}

export const noNotes = (): Noted => ({
  hello: undefined,
  asked: undefined,
  verified: false,
  keyLog: new Map(),
  storedSession: false,
  renegotiations: 0,
  messages: new MessageLog(),
})

/** `retry` holds once early data was rejected. */
export function clientOptions(flags: Flags, retry: Flags, carried: Carried, noted: Noted, later: Later): ClientOptions {
  refuseUnbuilt(flags)
  const hostName = textOf(flags, 'host-name')
  const alpn = textOf(flags, 'advertise-alpn')
  const shares = flags.on.has('no-key-shares')
    ? []
    : (flags.lists.get('key-shares') ?? usualShares(listOf(flags, 'curves')))
  const ech = echOfClient(flags)
  const common = commonOptions(flags, carried, noted)
  return {
    ...common,
    serverName: hostName ?? false,
    verifyConnection: (info) => checkConnection(info, info.earlyData === 'rejected' ? retry : flags),
    ...(alpn !== undefined && { alpn: unwrapAlpn(alpn) }),
    hello: {
      ...(shares && { keyShares: groupNames(shares) }),
      ...(ech && { ech }),
      serverGroups: listOf(flags, 'server-supported-groups-hint'),
      grease: flags.on.has('enable-grease'),
      permuteExtensions: flags.on.has('permute-extensions'),
    },
    certificates: {
      ...common.certificates,
      requestOcsp: flags.on.has('enable-ocsp-stapling'),
      requestScts: flags.on.has('enable-signed-cert-timestamps'),
    },
    tickets: !flags.on.has('no-ticket'),
    ...externalPsks(flags),
    // certificates come only if the ticket was rejected
    verifier: verifierOf(offersEarlyData(flags, carried) ? retry : flags, noted, later),
    identity: (request) => clientIdentity(request, flags, noted, carried.provider, later),
    ...(carried.session && { session: carried.session }),
    tls12: {
      ...common.tls12,
      fallback: flags.on.has('fallback-scsv'),
      // BoringSSL requires ALPN as a sign that the server can handle it; ours leaves that to the caller
      falseStart: flags.on.has('false-start') && (alpn !== undefined || flags.on.has('allow-false-start-without-alpn')),
      renegotiation: renegotiation(flags, noted, later),
    },
    ...(offersEarlyData(flags, carried) && {
      earlyData: writesAfter(flags) === undefined ? initialWrite(flags) : new Uint8Array(0),
    }),
  }
}

/** BoringSSL's default: the first group, and the first one of the other sort, post-quantum or not. */
function usualShares(curves: readonly number[]): readonly number[] | undefined {
  const isPostQuantum = (id: number): boolean => namedGroupById.get(id)?.name.includes('MLKEM') === true
  const [first] = curves
  if (first === undefined || !curves.some(isPostQuantum)) return undefined
  const other = curves.find((id) => isPostQuantum(id) !== isPostQuantum(first))
  return other === undefined ? [first] : [first, other]
}

function echOfClient(flags: Flags): ClientHelloOptions['ech'] {
  const configList = bytesOf(flags, 'ech-config-list')
  const unusable = flags.on.has('reject-unusable-ech-config') ? 'error' : 'grease'
  if (!configList && unusable === 'error') return { unusable }
  if (!configList) return flags.on.has('enable-ech-grease') ? {} : undefined
  const options = { configList, unusable } as const
  if (flags.on.has('enable-ech-grease') || flags.on.has('reject-unusable-ech-config')) return options
  // BoringSSL sends nothing then, unless it is told to
  return hasUsableEch(options) ? options : undefined
}

const hasUsableEch = (options: NonNullable<ClientHelloOptions['ech']>): boolean =>
  echClientConfig(options, nodeProvider, true)?.kind === 'offer'

function echOfServer(flags: Flags): Pick<ServerHelloOptions, 'ech'> {
  const configs = flags.byteLists.get('ech-server-config') ?? []
  const privateKeys = flags.byteLists.get('ech-server-key') ?? []
  const retry = listOf(flags, 'ech-is-retry-config')
  if (configs.length === 0) return {}
  const keys = configs.map((config, i) => ({
    config,
    privateKey: privateKeys[i] ?? new Uint8Array(0),
    isRetryConfig: retry[i] === 1,
  }))
  return { ech: { keys } }
}

const renegotiation = (flags: Flags, noted: Noted, later: Later): NonNullable<ClientTls12Options['renegotiation']> => {
  if (flags.on.has('forbid-renegotiation-after-handshake')) return 'never'
  if (flags.on.has('renegotiate-ignore')) return 'ignore'
  const most =
    flags.on.has('renegotiate-freely') || flags.on.has('renegotiate-explicit')
      ? Number.POSITIVE_INFINITY
      : flags.on.has('renegotiate-once')
        ? 1
        : 0
  return (done) => {
    if (done < most) noted.renegotiations = done + 1
    return later(done < most)
  }
}

/** Flags that ask for what the library does not have: the runner counts the test as unimplemented. */
const unbuilt: readonly string[] = ['no-server-name-ack', 'cbc-record-splitting', 'partial-write']
const unbuiltValues: readonly string[] = [
  'accepted-peer-cert-types',
  'available-client-cert-types',
  'expect-peer-certificate-type',
  'expect-peer-rpk-sha256',
]

function refuseUnbuilt(flags: Flags): void {
  const given = unbuilt.find((flag) => flags.on.has(flag)) ?? unbuiltValues.find((flag) => hasValue(flags, flag))
  if (given !== undefined) throw new Unimplemented(given)
}

const hasValue = (flags: Flags, name: string): boolean =>
  flags.numbers.has(name) || flags.lists.has(name) || flags.texts.has(name) || flags.bytes.has(name)

const failedCallback = (): never => {
  throw new TlsError('aborted', 'the callback failed', { alert: 'internal_error' })
}

/** -reverify-on-resume and the OCSP callback of a client: both look at the whole handshake. */
function checkConnection(info: ConnectionInfo, flags: Flags): void {
  const reverifies = info.resumed && flags.on.has('reverify-on-resume') && flags.on.has('verify-fail')
  if (reverifies) {
    const alert = flags.on.has('use-custom-verify-callback') ? 'certificate_unknown' : 'handshake_failure'
    throw new TlsError('verifier_refused', 'CERTIFICATE_VERIFY_FAILED', { alert })
  }
  if (!info.resumed && !flags.on.has('server') && flags.on.has('fail-ocsp-callback')) {
    throw new TlsError('bad_certificate_status', 'OCSP_CB_ERROR')
  }
}

/** -psk: a key of TLS 1.2 without length limits, as text. */
const pskOf12 = (flags: Flags) => {
  const key = textOf(flags, 'psk')
  if (key === undefined) return undefined
  return { identity: textOf(flags, 'psk-identity') ?? '', key: new TextEncoder().encode(key), allowShort: true }
}

function externalPsks(flags: Flags): Pick<ClientOptions, 'psk'> {
  const only12 = pskOf12(flags)
  if (only12) return { psk: { keys: only12 } }
  const given = flags.credentials.filter(({ kind }) => kind === 'psk')
  if (given.length === 0) return {}
  return {
    psk: {
      required: !flags.on.has('verify-peer'),
      keys: given.map(({ pskIdentity, pskKey, pskHash, pskContext }) => ({
        identity: pskIdentity ?? new Uint8Array(0),
        key: pskKey ?? new Uint8Array(0),
        ...(pskHash && { hash: pskHash }),
        imported: { context: pskContext ?? new Uint8Array(0) },
      })),
    },
  }
}

function pskLookUp(flags: Flags): Pick<ServerOptions, 'psk'> {
  const only12 = pskOf12(flags)
  if (only12) {
    return {
      psk: {
        hint: only12.identity,
        lookup: (identity, _hello, imported) =>
          !imported && new TextDecoder().decode(identity) === only12.identity ? only12 : undefined,
      },
    }
  }
  const given = flags.credentials.filter(({ kind }) => kind === 'psk')
  if (given.length === 0) return {}
  return {
    psk: {
      lookup: (identity, _hello, imported) => {
        const found = imported
          ? given.find(({ pskIdentity }) => pskIdentity && toHex(pskIdentity) === toHex(identity))
          : undefined
        return found?.pskKey && { key: found.pskKey, ...(found.pskHash && { hash: found.pskHash }) }
      },
    },
  }
}

/** Whether this connection writes first and has a session to write early with. */
export const offersEarlyData = (flags: Flags, carried: Carried): boolean =>
  flags.on.has('enable-early-data') && carried.session !== undefined

/** The type of the message after which early data is written; undefined: with the ClientHello. */
export const writesAfter = (flags: Flags): number | undefined => numberOf(flags, 'early-write-after-message')

/** What -shim-writes-first writes; nothing without it. */
export function initialWrite(flags: Flags): Uint8Array {
  if (!flags.on.has('shim-writes-first') && !flags.on.has('read-with-unfinished-write')) return new Uint8Array(0)
  const text = (textOf(flags, 'shim-initial-write') ?? 'hello').repeat(
    numberOf(flags, 'repeat-shim-initial-write') ?? 1,
  )
  return new TextEncoder().encode(text)
}

export function serverOptions(flags: Flags, carried: Carried, noted: Noted, later: Later): ServerOptions {
  refuseUnbuilt(flags)
  const identities = identitiesOf(flags, carried.provider, later)
  const auth = clientAuth(flags, noted, later)
  return {
    ...commonOptions(flags, carried, noted),
    identity:
      flags.on.has('fail-cert-callback') || flags.on.has('fail-ocsp-callback') ? () => failedCallback() : identities,
    hello: {
      grease: true, // BoringSSL's servers always do
      preferServerOrder:
        policyOf(flags).preferServerOrder ?? (flags.on.has('server-preference') || flags.texts.has('cipher')),
      ...echOfServer(flags),
      ...alpnChoice(flags),
    },
    ...pskLookUp(flags),
    ...(auth && { clientAuth: auth }),
    onClientHello: (hello) => then(later(undefined), () => earlyCallback(hello, flags, noted)),
    tickets: ticketOptions(flags, carried),
    sessions: {
      ...carried.sessions,
      set: (id, session, ttl) => {
        noted.storedSession = true
        return carried.sessions.set(id, session, ttl)
      },
    },
    ...(versionRange(flags).max !== 'TLS 1.2' && {
      earlyData: {
        maxBytes: flags.on.has('enable-early-data') ? 14_336 : 0,
        replayGuard: { firstSeen: () => true },
        windowSeconds: 60,
      },
    }), // BoringSSL's
  }
}

function commonOptions(
  flags: Flags,
  carried: Carried,
  noted: Noted,
): CommonOptions & Pick<ServerOptions, 'certificates' | 'tls12'> {
  const limit = numberOf(flags, 'max-cert-list')
  const fragment = numberOf(flags, 'max-send-fragment')
  const schemes = listOf(flags, 'verify-prefs')
  const curves = listOf(flags, 'curves')
  const cipher = textOf(flags, 'cipher')
  const { signing: _, preferServerOrder: __, ...policyOptions } = policyOf(flags)
  return {
    certificates: { compression: certificateCodecs(flags) },
    provider: carried.provider,
    versions: versionRange(flags),
    tls12: { legacy: !flags.on.has('no-legacy-server-connect') },
    resumption: { withoutExtendedMasterSecret: true }, // as BoringSSL does
    clock: () => carried.start + carried.delay, // only -resumption-delay moves it
    keyLog: (line) => {
      const [label = '', , secret = ''] = line.trim().split(' ')
      noted.keyLog.set(label, fromHex(secret))
    },
    ...((flags.texts.has('expect-msg-callback') ||
      flags.bytes.has('expect-certificate-types') ||
      writesAfter(flags) !== undefined) && {
      trace: (record) => noted.messages.add(record),
    }),
    verifyConnection: (info) => checkConnection(info, flags),
    limits: {
      ...(fragment !== undefined && { maxRecordSize: fragment }),
      ...(limit !== undefined && { maxHandshakeMessage: limit }),
    },
    ...(schemes.length > 0 && { signatureSchemes: schemes.map(schemeName) }),
    ...(curves.length > 0 && { groups: groupNames(curves) }),
    ...((cipher !== undefined || flags.texts.has('psk')) && {
      cipherSuites: suiteNames(cipher ?? 'ALL', carried.provider, flags.texts.has('psk')),
    }),
    ...policyOptions,
  }
}

const versionFlags: readonly (readonly [string, number])[] = [
  ['no-tls1', 0x0301],
  ['no-tls11', 0x0302],
  ['no-tls12', TLS12],
  ['no-tls13', TLS13],
]

function versionRange(flags: Flags): { readonly min: ProtocolVersion; readonly max: ProtocolVersion } {
  const min = numberOf(flags, 'min-version') ?? 0x0301
  const max = numberOf(flags, 'max-version') ?? TLS13
  const open = versionFlags.filter(([flag, id]) => !flags.on.has(flag) && id >= min && id <= max).map(([, id]) => id)
  if (open.length === 0) return { min: 'TLS 1.3', max: 'TLS 1.2' } // to be refused
  const tls12 = open.includes(TLS12)
  const tls13 = open.includes(TLS13)
  if (!tls12 && !tls13) throw new Unimplemented('TLS 1.0 and 1.1')
  return { min: tls12 || !tls13 ? 'TLS 1.2' : 'TLS 1.3', max: tls13 || !tls12 ? 'TLS 1.3' : 'TLS 1.2' }
}

const groupNames = (ids: readonly number[]): readonly string[] =>
  ids.map((id) => {
    const group = namedGroupById.get(id)
    if (group === undefined) throw new Unimplemented(`group 0x${id.toString(16)}`)
    return group.name
  })

const schemeName = (id: number): string => {
  const scheme = signatureSchemeById.get(id)
  if (scheme === undefined) throw new Unimplemented(`signature scheme 0x${id.toString(16)}`)
  return scheme.name
}

/** OpenSSL's cipher strings, as far as the runner uses names that we know; TLS 1.3 suites are not under their rule. */
function suiteNames(rule: string, provider: CryptoProvider, psk: boolean): NonNullable<CommonOptions['cipherSuites']> {
  const can = new Set(provider.suites.map(({ id }) => id))
  const all = cipherSuites.filter(({ id, authentication }) => can.has(id) && (psk || authentication !== 'psk'))
  const fixed = all.filter(({ version, legacy }) => version === 'TLS 1.3' && !legacy).map(({ name }) => name)
  const taken = new Set<string>()
  const excluded = rule.split(':').flatMap((word) => (word.startsWith('!') ? [word.slice(1)] : []))
  const namesOf = (word: string): readonly string[] => {
    if (word.startsWith('!')) return []
    const found = all
      .filter(({ name, version }) => version === 'TLS 1.2' && (word === name || word === 'ALL' || word === 'DEFAULT'))
      .map(({ name }) => name)
      .filter((name) => !excluded.some((part) => name.split('_').includes(part)))
    if (found.length === 0 && word !== '3DES') throw new Unimplemented(`cipher rule ${word}`)
    return found.filter((name) => !taken.has(name) && taken.add(name))
  }
  // [A|B] is a group that is wanted alike
  const picked = rule
    .split(/:(?![^[]*\])/)
    .flatMap((part): readonly (string | readonly string[])[] =>
      part.startsWith('[') ? [part.slice(1, -1).split('|').flatMap(namesOf)] : namesOf(part),
    )
  if (picked.length === 0) throw new Unimplemented(`cipher rule ${rule}`)
  return [...fixed, ...picked]
}

/** ALPN's own coding: names, each after its length. */
function unwrapAlpn(wire: string): readonly string[] {
  const names: string[] = []
  for (let at = 0; at < wire.length; at += 1 + wire.charCodeAt(at))
    names.push(wire.slice(at + 1, at + 1 + wire.charCodeAt(at)))
  return names
}

const wrapAlpn = (names: readonly string[]): string =>
  names.map((name) => String.fromCharCode(name.length) + name).join('')

function alpnChoice(flags: Flags): Pick<ServerHelloOptions, 'chooseAlpn'> {
  const select = textOf(flags, 'select-alpn')
  const expected = textOf(flags, 'expect-advertised-alpn')
  const rejects = flags.on.has('reject-alpn')
  const declines = flags.on.has('decline-alpn')
  if (select === undefined && !rejects && !declines && !flags.on.has('select-empty-alpn')) return {}
  return {
    chooseAlpn: (offered) => {
      if (expected !== undefined && wrapAlpn(offered) !== expected) throw new Defect('bad ALPN select callback inputs.')
      if (declines) return null
      return rejects ? undefined : (select ?? '')
    },
  }
}

function earlyCallback(hello: ClientHelloInfo, flags: Flags, noted: Noted): 'reject' | undefined {
  noted.hello = hello
  const expected = textOf(flags, 'expect-server-name')
  if (expected !== undefined && hello.serverName !== expected) throw new Defect(`server name is ${hello.serverName}`)
  if (flags.on.has('expect-no-server-name') && hello.serverName !== undefined)
    throw new Defect('unexpected server name')
  if (flags.on.has('fail-ddos-callback')) return failedCallback()
  return flags.on.has('fail-early-callback') ? 'reject' : undefined
}

function clientAuth(flags: Flags, noted: Noted, later: Later): ClientAuthOptions | undefined {
  const asks = flags.on.has('verify-peer')
  if (!asks && !flags.on.has('require-any-client-certificate')) return undefined
  // a key is as good as a certificate to BoringSSL, in every mode
  const authorities = authorityNames(flags, 'use-client-ca-list')
  return { mode: asks ? 'request' : 'require', verifier: verifierOf(flags, noted, later), authorities, acceptPsk: true }
}

const authorityNames = (flags: Flags, name: string): readonly Uint8Array[] => {
  const list = textOf(flags, name)
  return list === undefined || list.startsWith('<') ? [] : list.split(',').map((hex) => fromHex(hex))
}

function clientIdentity(
  request: CertificateRequestInfo,
  flags: Flags,
  noted: Noted,
  provider: CryptoProvider,
  later: Later,
) {
  noted.asked = request
  if (flags.texts.has('expect-client-ca-list')) {
    const [wanted, got] = [authorityNames(flags, 'expect-client-ca-list'), request.authorities]
    if (wanted.map(toHex).join() !== got.map(toHex).join()) throw new Defect('names in CertificateRequest differ')
  }
  if (flags.on.has('fail-cert-callback')) failedCallback()
  return later(identitiesOf(flags, provider, later))
}

function ticketOptions(flags: Flags, carried: Carried): TicketOptions | false {
  if (flags.on.has('no-ticket')) return false
  const { protector } = carried
  return {
    protector: flags.on.has('skip-ticket') ? { ...protector, seal: () => undefined } : protector,
    ...(flags.on.has('renew-ticket') && { renewAfterSeconds: 0 }),
  }
}
