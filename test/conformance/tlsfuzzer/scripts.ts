// Which of tlsfuzzer's scripts run, against which of our servers (servers.ts), and with which arguments. Scripts of
// what is not built are listed with the reason. run.ts reads it.

import type { ServerKind } from './servers.ts'

export interface Row {
  /** The file in tlsfuzzer's scripts/, without `test-` and `.py`. */
  readonly script: string
  readonly server: ServerKind
  readonly args: readonly string[]
}

/** Options of a script: what it takes to meet TLS 1.2 with an ECDHE suite and the extended master secret. */
const gcm = ['-C', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', '-M'] as const
const ecdhe = ['-d', '-M'] as const
const cbc = ['-C', 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', '-M'] as const

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const rows = (server: ServerKind, args: readonly string[], scripts: string): readonly Row[] =>
  words(scripts).map((script) => ({ script, server, args }))

/** Keys of clients, as run.ts writes them. */
const rsaClient = ['-k', 'KEYS/client-rsa-key.pem', '-c', 'KEYS/client-rsa.pem'] as const
const ecdsaClient = ['-k', 'KEYS/client-ecdsa-key.pem', '-c', 'KEYS/client-ecdsa.pem'] as const
const ed25519Client = ['-k', 'KEYS/client-ed25519-key.pem', '-c', 'KEYS/client-ed25519.pem'] as const

/** Extensions of ours whose content the scripts would make up (RFC 5746 is theirs too). */
const KNOWN = [
  1, 5, 11, 14, 15, 16, 18, 19, 20, 21, 22, 23, 26, 27, 28, 34, 35, 41, 42, 44, 45, 47, 49, 52, 57, 58, 62, 0xfd00,
  0xfe0d, 13_172,
].flatMap((type) => ['--exc', String(type)])

/** What the server's CertificateRequest offers. */
const offered =
  'ecdsa_secp256r1_sha256 ed25519 rsa_pss_rsae_sha256 ecdsa_secp384r1_sha384 rsa_pss_rsae_sha384 ' +
  'ecdsa_secp521r1_sha512 ' +
  'rsa_pss_rsae_sha512 rsa_pss_pss_sha256 rsa_pss_pss_sha384 rsa_pss_pss_sha512 mldsa44 mldsa65 mldsa87'

export const table: readonly Row[] = [
  ...rows(
    'default',
    [],
    `
    tls13-ccs tls13-connection-abort tls13-conversation
    tls13-empty-alert tls13-finished
    tls13-finished-plaintext tls13-hrr
    tls13-invalid-ciphers tls13-keyshare-omitted tls13-keyupdate tls13-keyupdate-from-server
    tls13-legacy-version tls13-multiple-ccs-messages tls13-nociphers 
    tls13-pkcs-signature
    tls13-record-layer-limits tls13-record-padding tls13-rsa-signatures
     tls13-signature-algorithms  tls13-unencrypted-alert
    tls13-zero-content-type tls13-zero-length-data`,
  ),
  ...rows(
    'groups',
    [],
    `
    tls13-crfg-curves tls13-dhe-shared-secret-padding tls13-ecdhe-curves tls13-mlkem tls13-serverhello-random
    tls13-unrecognised-groups`,
  ),
  { script: 'tls13-count-tickets', server: 'default', args: ['-t', '2'] },
  {
    script: 'tls13-no-unknown-groups',
    server: 'groups',
    args: ['--groups', 'x25519mlkem768,secp256r1mlkem768,secp384r1mlkem1024,secp256r1,secp384r1,secp521r1,x25519'],
  },
  {
    script: 'tls13-session-resumption',
    server: 'default',
    args: ['--tls1.2-cipher', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', '-M', '--client-pke', 'psk_dhe_ke'],
  },
  { script: 'tls13-version-negotiation', server: 'default', args: gcm },
  ...rows(
    'default',
    gcm,
    `
    ccs connection-abort conversation cve-2004-0079 cve-2016-6309 early-application-data
    hello-request-by-client interleaved-CKE-with-CCS invalid-client-hello-w-record-overflow
    invalid-compression-methods invalid-content-type
    point-extension record-layer-fragmentation truncating-of-client-hello version-numbers zero-length-data
    ecdhe-rsa-key-exchange-with-bad-messages no-mlkem-in-old-tls`,
  ),
  ...rows('default', ['-C', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'], 'renegotiation-disabled fuzzed-ciphertext'),
  ...rows('default', [], 'sslv2-connection'),
  { script: 'ecdsa-sig-flexibility', server: 'default', args: ['-C', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] },
  { script: 'aes-gcm-nonces', server: 'legacy', args: ecdhe },
  { script: 'cve-2016-7054', server: 'default', args: ['-C', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', '-M'] },
  // the types that we know have a content of their own
  { script: 'tls13-large-number-of-extensions', server: 'default', args: KNOWN },
  { script: 'tls13-shuffled-extentions', server: 'default', args: KNOWN },
  { script: 'large-hello', server: 'legacy', args: [...ecdhe, '-m', '100'] },
  { script: 'tls13-obsolete-curves', server: 'groups', args: ['--relaxed'] },
  { script: 'tls13-symetric-ciphers', server: 'ccm', args: [] },
  { script: 'tls13-0rtt-garbage', server: 'legacy', args: ecdhe },
  { script: 'sslv2hello-protocol', server: 'legacy', args: ['--no-ssl2', ...ecdhe] },
  { script: 'x25519', server: 'groupsLegacy', args: [] },
  { script: 'export-ciphers-rejected', server: 'legacy', args: ['--min-ver', 'TLSv1.2'] },
  { script: 'chacha20', server: 'legacy', args: ['--extra-exts'] },
  { script: 'invalid-cipher-suites', server: 'legacy', args: [] },
  { script: 'clienthello-md5', server: 'legacy', args: [] },
  { script: 'alpn-negotiation', server: 'alpn', args: ecdhe },
  { script: 'client-hello-max-size', server: 'alpn', args: ecdhe },
  { script: 'session-ticket-resumption', server: 'legacy', args: [...ecdhe, '--no-new-ticket-on-resumption'] },
  ...rows('sessions', ecdhe, 'sessionID-resumption extended-master-secret-extension'),
  { script: 'resumption-with-wrong-ciphers', server: 'sessions', args: ['-d', '--swap-ciphers'] },
  { script: 'downgrade-protection', server: 'legacy', args: [...ecdhe, '--server-max-protocol=TLSv1.3'] },
  ...rows(
    'legacy',
    ecdhe,
    `
    encrypt-then-mac fuzzed-padding
    large-number-of-extensions message-skipping
    ssl-death-alert
    invalid-server-name-extension no-heartbeat atypical-padding aesccm`,
  ),
  ...rows('legacy', ['-d'], 'client-compatibility'),
  {
    script: 'ocsp-stapling',
    server: 'legacy',
    args: [...ecdhe, '--no-status', '-e', 'renegotiate', '-e', 'renegotiate with large responder_id_list'],
  },
  { script: 'fallback-scsv', server: 'legacy', args: ['--tls-1.3', '-d'] },
  {
    script: 'sig-algs-renegotiation-resumption',
    server: 'legacy',
    args: [...ecdhe, '--no-renego', '--sig-algs-drop-ok'],
  },
  {
    script: 'record-size-limit',
    server: 'sessions',
    args: [
      '--reply-AD-size',
      '1024',
      '-M',
      '-e',
      'renegotiation with changed limit',
      '-e',
      'renegotiation with dropped extension',
    ],
  },
  ...rows('legacy', cbc, 'fuzzed-MAC cve-2016-2107'),
  { script: 'fuzzed-plaintext', server: 'legacy', args: [...cbc, '--random', '200'] },
  ...rows(
    'legacy',
    [],
    `
    ecdhe-rsa-key-exchange
    empty-extensions extensions fuzzed-finished
    invalid-client-hello invalid-session-id invalid-version message-duplication
    truncating-of-finished unsupported-curve-fallback TLSv1_2-rejected-without-TLSv1_2`,
  ),
  ...rows('groupsLegacy', [], 'ecdhe-padded-shared-secret ecdhe-rsa-key-share-random serverhello-random'),
  ...rows('legacy', ['-M'], 'sig-algs signature-algorithms'),
  { script: 'legacy-renegotiation', server: 'legacy', args: ['-d'] },
  { script: 'lengths', server: 'echo', args: [...gcm, '-n', '60'] },
  { script: 'tls13-lengths', server: 'echo', args: ['-n', '60'] },
  {
    script: 'tls13-certificate-verify',
    server: 'clientAuth',
    args: [...rsaClient, '-s', `${offered} rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512`],
  },
  {
    script: 'tls13-ecdsa-in-certificate-verify',
    server: 'clientAuth',
    args: [...ecdsaClient, '-s', `${offered} rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512`],
  },
  {
    script: 'tls13-eddsa-in-certificate-verify',
    server: 'clientAuth',
    args: [...ed25519Client, '-s', `${offered} rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512`],
  },
  {
    script: 'tls13-certificate-request',
    server: 'clientAuth',
    args: [...rsaClient, '-s', `${offered} rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512`],
  },
  { script: 'certificate-malformed', server: 'clientAuth', args: [...gcm, ...rsaClient] },
  { script: 'certificate-verify-malformed', server: 'clientAuth', args: [...gcm, ...rsaClient] },
  { script: 'certificate-verify', server: 'clientAuth', args: [...gcm, ...rsaClient] },
  { script: 'certificate-verify-malformed-sig', server: 'clientAuthLegacy', args: [...ecdhe, ...rsaClient] },
  { script: 'rsa-sigs-on-certificate-verify', server: 'clientAuthLegacy', args: [...ecdhe, ...rsaClient] },
  {
    script: 'tls13-psk_dhe_ke',
    server: 'psk',
    args: ['--psk', '11223344556677889900112233445566', '--psk-iden', 'test'],
  },
  { script: 'tls13-rsapss-signatures', server: 'rsaPss', args: [] },
  { script: 'tls13-eddsa', server: 'ed25519', args: ['-x', 'ed448 only', '-X', 'handshake_failure'] },
  { script: 'tls13-ecdsa-support', server: 'ecdsa', args: [] },
  { script: 'tls13-non-support', server: 'tls12', args: [] },
]
