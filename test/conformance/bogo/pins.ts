// Tests of the runner that ours answers in another way than BoringSSL, and exactly how: the alert that we send, or what
// the runner sees. They run like all others, and run.ts takes each of them for right only if it went as it is written
// here.

export interface Pin {
  /** Globs, as in config.json. */
  readonly tests: readonly string[]
  /** What the runner calls it. */
  readonly outcome: 'unexpected error' | 'unexpected failure' | 'unexpected success'
  /** How the shim's line on standard error begins; empty for any. */
  readonly ours: string
  /** The error at the runner's end; empty where there is none. */
  readonly runner: string
  readonly reason: string
}

/**
 * Run all the same, although a glob of config.json takes them: named after a version that is not spoken, and about a
 * ClientHello or a record that is refused before any version is chosen.
 */
export const alsoRun: readonly string[] = [
  'ALPNServer-EmptyProtocolName-TLS-TLS1',
  'ALPNServer-EmptyProtocolName-TLS-TLS11',
  'DuplicateExtensionServer-TLS-TLS1',
  'DuplicateExtensionServer-TLS-TLS11',
  'ExtensionTrailingData-ServerName-Server-TLS-TLS1',
  'ExtensionTrailingData-ServerName-Server-TLS-TLS11',
  'GarbageInitialRecordVersion-TLS1',
  'GarbageInitialRecordVersion-TLS11',
]

export const pins: readonly Pin[] = [
  {
    tests: ['*BinderWrongLength*'],
    outcome: 'unexpected error',
    ours: 'error:decode_error alert:decode_error',
    runner: 'remote error: error decoding message',
    reason: 'a binder of less than 32 bytes is a syntax error: PskBinderEntry<32..255> (RFC 9846 section 4.3.11)',
  },
  {
    tests: ['TrailingMessageData-*Finished-TLS'],
    outcome: 'unexpected error',
    ours: 'error:decode_error alert:decode_error',
    runner: 'remote error: error decoding message',
    reason: 'Finished has a fixed length, so one of another length is decode_error (RFC 9846 section 6.2)',
  },
  {
    tests: ['GarbageCertificate-*'],
    outcome: 'unexpected error',
    ours: 'error:bad_certificate alert:bad_certificate',
    runner: 'remote error: bad certificate',
    reason: 'a certificate that does not parse is bad_certificate (RFC 9846 section 6.2: a certificate was corrupt)',
  },
  {
    tests: [
      'HelloRetryRequest-DuplicateCurve-TLS13',
      'HelloRetryRequest-DuplicateCookie-TLS13',
      'TLS13-DuplicateTicketEarlyDataSupport',
    ],
    outcome: 'unexpected error',
    ours: 'error:decode_error alert:decode_error',
    runner: 'remote error: error decoding message',
    reason:
      'an extension that appears twice is decode_error in every message: RFC 9846 section 4.3 has no alert for it, ' +
      'and section 6.2 says decode_error of what cannot be decoded',
  },
  {
    tests: ['TLS-ECH*-Client-TLS12-RejectRetryConfigs', 'EncryptedExtensionsWithKeyShare-TLS13'],
    outcome: 'unexpected error',
    ours: 'error:illegal_parameter alert:illegal_parameter',
    runner: 'remote error: illegal parameter',
    reason: 'an extension that we know, in a message where it may not be, is illegal_parameter (RFC 9846 section 4.3)',
  },
  {
    tests: ['UnencryptedEncryptedExtensions'],
    outcome: 'unexpected error',
    ours: 'error:unexpected_message alert:unexpected_message',
    runner: 'remote error: unexpected message',
    reason: 'a plaintext record where protected ones are expected is unexpected_message (RFC 9846 section 5)',
  },
  {
    tests: ['SendWarningAlerts-TLS13'],
    outcome: 'unexpected error',
    ours: 'error:alert_received alert:none received:unexpected_message',
    runner: 'EOF',
    reason:
      'an error alert ends the connection whatever its level, and is not answered with another (RFC 9846 sections ' +
      '6 and 6.2)',
  },
  {
    tests: ['TLS13-HRR-InvalidCompressionMethod'],
    outcome: 'unexpected error',
    ours: 'error:illegal_parameter alert:illegal_parameter',
    runner: 'remote error: illegal parameter',
    reason:
      'a compression method other than 0 is well formed and wrong: illegal_parameter (RFC 9846 section 6.2), in ' +
      'HelloRetryRequest as in ServerHello',
  },
  {
    tests: ['SkipEarlyData-SecondClientHelloEarlyData-TLS13'],
    outcome: 'unexpected error',
    ours: 'error:illegal_parameter alert:illegal_parameter',
    runner: 'remote error: illegal parameter',
    reason:
      'early_data in a second ClientHello is itself an error (RFC 9846 section 4.2.2: it has to be removed), found ' +
      'before any record of early data',
  },
  {
    tests: ['PSK-Server-HRR-PSKMissing-TLS'],
    outcome: 'unexpected error',
    ours: 'error:no_identity alert:handshake_failure',
    runner: 'remote error: handshake failure',
    reason:
      'a second ClientHello may leave out PSKs (RFC 9846 section 4.2.2); where no certificate is there to go on ' +
      'with, nothing can be negotiated: handshake_failure (section 6.2)',
  },
  {
    tests: ['IgnoreLegacyVersion-TLS13', 'VersionTolerance-TLS13'],
    outcome: 'unexpected failure',
    ours: 'error:protocol_version alert:protocol_version: ClientHello: legacy_version',
    runner: 'remote error: protocol version not supported',
    reason:
      'with TLS 1.3 legacy_version has to be 0x0303, and any other value is protocol_version (RFC 9846 section ' +
      '4.2.2, appendix E.5); BoringSSL ignores it, as RFC 8446 asked',
  },
  {
    tests: [
      'Client-Sign-RSA_PKCS1_*-TLS13',
      'Client-SignDefault-RSA_PKCS1_*-TLS13',
      'Client-Sign-ECDSA_SHA1-TLS13',
      'Client-SignDefault-ECDSA_SHA1-TLS13',
      'Client-Sign-ML-DSA-*-TLS12',
      'Client-SignDefault-ML-DSA-*-TLS12',
      'Client-SignDefault-RSA_PKCS1_SHA256_LEGACY-*',
    ],
    outcome: 'unexpected error',
    ours: '',
    runner: "tls: client didn't provide a certificate",
    reason:
      'a client without a fitting certificate sends an empty list and lets the server decide, as RFC 9846 section ' +
      '4.5.1 and RFC 5246 section 7.4.6 say; BoringSSL fails on its side',
  },
  {
    tests: ['StrayHelloRequest', 'StrayHelloRequest-Packed'],
    outcome: 'unexpected success',
    ours: '',
    runner: '',
    reason:
      'a HelloRequest while a handshake runs is ignored by the client (RFC 5246 section 7.4.1.1); BoringSSL ends ' +
      'the connection',
  },
  {
    tests: ['CheckClientCertificateTypes', 'CertificateSelection-Client-*MatchNone*'],
    outcome: 'unexpected success',
    ours: '',
    runner: '',
    reason:
      'a client without a fitting certificate sends an empty list and lets the server decide, as RFC 9846 section ' +
      '4.5.1 and RFC 5246 section 7.4.6 say; BoringSSL fails on its side',
  },
  {
    tests: ['PSK-Client-PSKRequired-TLS12-TLS'],
    outcome: 'unexpected error',
    ours: 'error:alert_received alert:none received:protocol_version',
    runner: 'tls: client did not offer any supported protocol versions',
    reason: 'a client that requires its imported key offers TLS 1.3 alone, for which the key is (RFC 9258 section 5.1)',
  },
  {
    tests: ['TLSUnique-Full-NoEMS-*'],
    outcome: 'unexpected failure',
    ours: 'error:unsupported alert:none: tls-unique is for TLS 1.2 with the extended master secret',
    runner: 'EOF',
    reason:
      'without the extended master secret tls-unique does not tell connections apart (RFC 7627 section 1, RFC 9266 ' +
      'section 3)',
  },
  {
    tests: ['Renegotiate-Client-NoIgnore'],
    outcome: 'unexpected success',
    ours: '',
    runner: '',
    reason:
      'a renegotiation that was not allowed is refused with the warning no_renegotiation, and the connection goes on ' +
      '(RFC 5246 section 7.2.2); BoringSSL ends it',
  },
  {
    tests: ['Renegotiate-Client-Packed'],
    outcome: 'unexpected success',
    ours: '',
    runner: '',
    reason:
      'messages of one content type may share a record (RFC 5246 section 6.2.1): a HelloRequest behind Finished is ' +
      'read after it, as no keys change between them',
  },
  {
    tests: ['ExportKeyingMaterial-Renegotiate'],
    outcome: 'unexpected success',
    ours: '',
    runner: '',
    reason:
      'until a renegotiation is done the connection has the session that it had, and exports from it (RFC 5705 ' +
      'section 4); BoringSSL does not export meanwhile',
  },
]
