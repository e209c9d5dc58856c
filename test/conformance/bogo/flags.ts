// The command line that BoGo's runner gives its shim: a table of the flags we know, and the parser that sorts them into
// one set for the first connection, one for the later ones and one for the retry after rejected early data. shim.ts
// calls it.

export type CredentialKind = 'default' | 'x509' | 'rawPublicKey' | 'delegated' | 'psk'

/**
 * What -cert-file, -key-file and their like describe: the default credential, or one that a -new-*-credential opened.
 */
export interface CredentialFlags {
  readonly kind: CredentialKind
  certFile: string
  keyFile: string
  signingPrefs: number[]
  ocspResponse: Uint8Array | undefined
  signedCertTimestamps: Uint8Array | undefined
  delegatedCredential: Uint8Array | undefined
  mustMatchIssuer: boolean
  pskKey: Uint8Array | undefined
  pskIdentity: Uint8Array | undefined
  pskContext: Uint8Array | undefined
  pskHash: 'sha256' | 'sha384' | undefined
}

/** One connection's flags. `on` has the plain switches that were given, without their leading dash. */
export interface Flags {
  readonly on: Set<string>
  readonly numbers: Map<string, number>
  readonly lists: Map<string, number[]>
  readonly texts: Map<string, string>
  readonly bytes: Map<string, Uint8Array>
  readonly byteLists: Map<string, Uint8Array[]>
  readonly defaultCredential: CredentialFlags
  readonly credentials: CredentialFlags[]
}

export interface CommandLine {
  readonly initial: Flags
  readonly resume: Flags
  readonly retry: Flags
}

/** A flag that the library has nothing for; the shim exits with 89. */
export class Unimplemented extends Error {
  override readonly name = 'Unimplemented'
}

/** Something that must not be, whatever the test wants; the shim exits with 90. */
export class Defect extends Error {
  override readonly name = 'Defect'
}

export function parseCommandLine(argv: readonly string[]): CommandLine {
  const line = { initial: noFlags(), resume: noFlags(), retry: noFlags() }
  for (let i = 0; i < argv.length; i++) {
    const given = withoutPrefix(argv[i] ?? '')
    const kind = kinds.get(given.name)
    if (kind === undefined) throw new Unimplemented(`flag -${given.name}`)
    const value = kind === 'switch' ? '' : argv[++i]
    if (value === undefined) throw new Error(`-${given.name} wants a value`)
    if (given.handshaker) continue
    const targets = given.only === undefined ? [line.initial, line.resume, line.retry] : [line[given.only]]
    for (const target of targets) apply(target, given.name, kind, value)
  }
  return line
}

/** The number that `name` was given, or undefined (the runner never means 0 by a number it gives). */
export const numberOf = (flags: Flags, name: string): number | undefined => flags.numbers.get(name)
export const textOf = (flags: Flags, name: string): string | undefined => flags.texts.get(name)
export const bytesOf = (flags: Flags, name: string): Uint8Array | undefined => flags.bytes.get(name)
export const listOf = (flags: Flags, name: string): readonly number[] => flags.lists.get(name) ?? []

type Kind = 'switch' | 'number' | 'list' | 'text' | 'bytes' | 'byteList' | 'credential'

const words = (text: string): string[] => text.trim().split(/\s+/)

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...rows(
    'switch',
    `
    server ipv6 async implicit-handshake is-handshaker-supported allow-hint-mismatch
    no-tls1 no-tls11 no-tls12 no-tls13 fallback-scsv false-start allow-false-start-without-alpn
    server-preference expect-hrr expect-no-hrr
    no-key-shares verify-peer verify-fail use-custom-verify-callback expect-verify-result reverify-on-resume
    require-any-client-certificate use-old-client-cert-callback expect-no-peer-cert use-early-callback
    fail-early-callback fail-cert-callback install-ddos-callback fail-ddos-callback expect-no-server-name
    no-server-name-ack decline-alpn reject-alpn select-empty-alpn enable-grease permute-extensions
    expect-extended-master-secret no-legacy-server-connect expect-secure-renegotiation expect-no-secure-renegotiation
    enable-ocsp-stapling enable-signed-cert-timestamps use-ocsp-callback set-ocsp-in-callback decline-ocsp-callback
    fail-ocsp-callback install-cert-compression-algs no-ticket expect-session-miss expect-no-session
    expect-ticket-renewal expect-session-id expect-no-session-id use-ticket-callback use-ticket-aead-callback
    renew-ticket skip-ticket enable-early-data expect-ticket-supports-early-data expect-accept-early-data
    expect-reject-early-data expect-no-offer-early-data use-export-context export-traffic-secrets tls-unique
    key-update key-update-before-read send-alert handshake-never-done no-op-extra-handshake handshake-twice
    use-exporter-between-reads
    forbid-renegotiation-after-handshake renegotiate-freely renegotiate-once renegotiate-ignore renegotiate-explicit
    shim-writes-first read-with-unfinished-write shim-shuts-down check-close-notify peek-then-read
    write-different-record-sizes
    cbc-record-splitting partial-write expect-ech-accept enable-ech-grease reject-unusable-ech-config
    expect-no-ech-name-override expect-no-ech-retry-configs
    fips-202205 wpa-202304 cnsa-202407 cnsa1-202603 cnsa2-202603`,
  ),
  ...rows(
    'number',
    `
    port resume-count min-version max-version expect-version expect-curve-id expect-cipher expect-cipher-aes
    expect-cipher-no-aes expect-peer-signature-algorithm expect-selected-credential max-cert-list
    install-one-cert-compression-alg resumption-delay expect-ticket-age-skew repeat-shim-initial-write
    export-keying-material expect-total-renegotiations read-size max-send-fragment expect-peer-certificate-type
    early-write-after-message`,
  ),
  ...rows(
    'list',
    `
    curves key-shares server-supported-groups-hint verify-prefs expect-peer-verify-pref
    accepted-peer-cert-types available-client-cert-types
    ech-is-retry-config`,
  ),
  ...rows(
    'text',
    `
    shim-id cipher trust-cert host-name expect-server-name advertise-alpn expect-alpn expect-advertised-alpn select-alpn
    use-client-ca-list expect-client-ca-list expect-peer-cert-file expect-early-data-reason shim-initial-write
    psk psk-identity expect-msg-callback export-label export-context expect-ech-name-override`,
  ),
  ...rows(
    'bytes',
    `
    expect-certificate-types expect-ocsp-response expect-signed-cert-timestamps ech-config-list
    expect-ech-retry-configs expect-peer-rpk-sha256`,
  ),
  ...rows('byteList', 'ech-server-config ech-server-key'),
  ...rows(
    'credential',
    `
    cert-file key-file signing-prefs ocsp-response signed-cert-timestamps delegated-credential psk-importer-key
    psk-importer-identity psk-importer-context`,
  ),
  ...rows(
    'switch',
    `
    new-x509-credential new-rpk-credential new-delegated-credential new-psk-credential must-match-issuer
    psk-importer-sha256 psk-importer-sha384`,
  ),
])

function rows(kind: Kind, names: string): [string, Kind][] {
  return words(names).map((name) => [name, kind])
}

const newCredentials: ReadonlyMap<string, CredentialKind> = new Map<string, CredentialKind>([
  ['new-x509-credential', 'x509'],
  ['new-rpk-credential', 'rawPublicKey'],
  ['new-delegated-credential', 'delegated'],
  ['new-psk-credential', 'psk'],
])

interface Given {
  readonly name: string
  readonly handshaker: boolean
  readonly only: keyof CommandLine | undefined
}

function withoutPrefix(argument: string): Given {
  const parts = /^-(?:on-(shim|handshaker)-)?(?:on-(initial|resume|retry)-)?(.*)$/s.exec(argument)
  if (parts === null) throw new Error(`not a flag: ${argument}`)
  const only = parts[2]
  return {
    name: parts[3] ?? '',
    handshaker: parts[1] === 'handshaker',
    only: only === 'initial' || only === 'resume' || only === 'retry' ? only : undefined,
  }
}

function noFlags(): Flags {
  return {
    on: new Set(),
    numbers: new Map(),
    lists: new Map(),
    texts: new Map(),
    bytes: new Map(),
    byteLists: new Map(),
    defaultCredential: noCredential('default'),
    credentials: [],
  }
}

function noCredential(kind: CredentialKind): CredentialFlags {
  return {
    kind,
    certFile: '',
    keyFile: '',
    signingPrefs: [],
    ocspResponse: undefined,
    signedCertTimestamps: undefined,
    delegatedCredential: undefined,
    mustMatchIssuer: false,
    pskKey: undefined,
    pskIdentity: undefined,
    pskContext: undefined,
    pskHash: undefined,
  }
}

function apply(flags: Flags, name: string, kind: Kind, value: string): void {
  switch (kind) {
    case 'switch':
      return applySwitch(flags, name)
    case 'number':
      return void flags.numbers.set(name, integer(value))
    case 'list':
      return void flags.lists.set(name, [...(flags.lists.get(name) ?? []), integer(value)])
    case 'text':
      return void flags.texts.set(name, value)
    case 'bytes':
      return void flags.bytes.set(name, base64(value))
    case 'byteList':
      return void flags.byteLists.set(name, [...(flags.byteLists.get(name) ?? []), base64(value)])
    case 'credential':
      return applyCredential(flags.credentials.at(-1) ?? flags.defaultCredential, name, value)
  }
}

function applySwitch(flags: Flags, name: string): void {
  const kind = newCredentials.get(name)
  const credential = flags.credentials.at(-1)
  if (kind !== undefined) flags.credentials.push(noCredential(kind))
  else if (name === 'must-match-issuer' && credential !== undefined) credential.mustMatchIssuer = true
  else if (name === 'psk-importer-sha256' && credential !== undefined) credential.pskHash = 'sha256'
  else if (name === 'psk-importer-sha384' && credential !== undefined) credential.pskHash = 'sha384'
  else flags.on.add(name)
}

function applyCredential(credential: CredentialFlags, name: string, value: string): void {
  if (name === 'cert-file') credential.certFile = value
  else if (name === 'key-file') credential.keyFile = value
  else if (name === 'signing-prefs') credential.signingPrefs.push(integer(value))
  else if (name === 'ocsp-response') credential.ocspResponse = base64(value)
  else if (name === 'signed-cert-timestamps') credential.signedCertTimestamps = base64(value)
  else if (name === 'delegated-credential') credential.delegatedCredential = base64(value)
  else if (name === 'psk-importer-key') credential.pskKey = base64(value)
  else if (name === 'psk-importer-identity') credential.pskIdentity = base64(value)
  else if (name === 'psk-importer-context') credential.pskContext = base64(value)
}

function integer(value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new Error(`not a whole number: ${value}`)
  return number
}

const base64 = (value: string): Uint8Array => Uint8Array.from(atob(value), (char) => char.charCodeAt(0))
