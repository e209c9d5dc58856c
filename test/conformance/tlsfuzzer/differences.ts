// Conversations of tlsfuzzer in which our answer is another, and the section that makes ours right. run.ts reads it;
// docs/conformance.md has the same reasons.

interface Difference {
  /** Undefined: in any script. */
  readonly scripts?: readonly string[]
  /** Names of conversations. */
  readonly names: RegExp
  /** What the script has to see instead of what it expects. */
  readonly sees: RegExp
  readonly reason: string
}

const noRenegotiation =
  'a server of ours does not renegotiate: it answers with the warning no_renegotiation and goes on (RFC 5246 ' +
  'section 7.2.2)'

const differences: readonly Difference[] = [
  {
    names: /^empty x(25519|448) key share$/,
    sees: /received "decode_error"/,
    reason:
      'key_exchange<1..2^16-1> (RFC 9846 section 4.3.8): an empty one cannot be decoded, which is decode_error ' +
      '(section 6.2)',
  },
  {
    names: /ffdhe\d|FFDHE/,
    sees: /handshake_failure/,
    reason:
      'the groups of RFC 7919 are not built, and RFC 9846 section 9.1 does not ask for them: no common group is ' +
      'handshake_failure (section 6.2)',
  },
  {
    names: /fallback to DHE|^only x25519 and x448 groups/,
    sees: /Alert\(fatal, handshake_failure\)/,
    reason: 'DHE suites are not built: RFC 9325 section 4.1 advises against them',
  },
  {
    scripts: ['unsupported-curve-fallback'],
    names: /^check for unsupported curve fallback$/,
    sees: /Alert\(fatal, handshake_failure\)/,
    reason:
      'DHE suites are not built, and static RSA is taken only where the client lists nothing better (RFC 9325 ' +
      'section 4.1)',
  },
  {
    scripts: ['tls13-ecdsa-support'],
    names: /brainpool/,
    sees: /Alert\(fatal, handshake_failure\)/,
    reason: 'the curves of RFC 8734 are not built',
  },
  {
    scripts: ['tls13-multiple-ccs-messages'],
    names: /multiple CCS Messages|^second CCS/,
    sees: /^TimeoutError/,
    reason:
      'before the peer\'s Finished any number of change_cipher_spec records is dropped: "MUST simply drop it" (RFC ' +
      '9846 section 5)',
  },
  {
    scripts: ['tls13-count-tickets', 'tls13-connection-abort'],
    names: /NewSessionTicket/,
    sees: /from peer: ApplicationData|^TimeoutError/,
    reason:
      'the script sends no psk_key_exchange_modes, and a server should not send tickets to such a client (RFC 9846 ' +
      'section 4.3.9)',
  },
  {
    scripts: ['tls13-keyupdate-from-server'],
    names: /KeyUpdate msg from server/,
    sees: /ApplicationData/,
    reason:
      'the script is for a server that updates its keys at once, which applications of ours decide (RFC 9846 ' +
      'section 4.7.3: an endpoint may)',
  },
  {
    scripts: ['tls13-obsolete-curves'],
    names: /in supported_groups and (empty )?key_share$/,
    sees: /received "handshake_failure"/,
    reason:
      'a group that we do not know is ignored, its share too (RFC 9846 section 9.3), and with no other there is no ' +
      'common one: handshake_failure',
  },
  {
    scripts: ['tls13-finished'],
    names: /pad_right (131072|196608)/,
    sees: /received "illegal_parameter"/,
    reason:
      'a message beyond the limit is refused from its header, before it is decoded: illegal_parameter (RFC 9846 ' +
      'section 6.2)',
  },
  {
    scripts: ['truncating-of-client-hello'],
    names: /^max pad: /,
    sees: /received "illegal_parameter"/,
    reason:
      'a message beyond the limit is refused from its header, before it is decoded: illegal_parameter (RFC 9846 ' +
      'section 6.2)',
  },
  {
    scripts: ['tls13-keyupdate'],
    names: /^multiple KeyUpdate messages$/,
    sees: /Unexpected message from peer: ApplicationData/,
    reason:
      'requests that come together are answered by one KeyUpdate, those that come apart by one each; the script ' +
      'counts on 32 or on one (RFC 9846 section 4.7.3)',
  },
  {
    scripts: ['ccs'],
    names: /^two bytes long CCS$/,
    sees: /received "decode_error"/,
    reason: 'in TLS 1.2 a ChangeCipherSpec of two bytes cannot be decoded: decode_error (RFC 5246 section 7.2.2)',
  },
  {
    names: /SSLv2|in SSLv2 compatible/,
    sees: /Alert\(fatal, protocol_version\)/,
    reason: 'a ClientHello in the format of SSL 2.0 is not read (RFC 9846 appendix E.5, RFC 6176)',
  },
  {
    names: /Protocol \(3, [0-2]\)|TLS ?v?1\.[01]|SSLv3|to 1\.[01]$/,
    sees: /protocol_version/,
    reason: 'TLS 1.0, TLS 1.1 and SSL 3.0 are not spoken: protocol_version (RFC 8996, RFC 7568)',
  },
  {
    scripts: ['client-compatibility'],
    names: /^\d+: /,
    sees: /Alert\(fatal, protocol_version\)/,
    reason: 'a client that knows no TLS 1.2 (RFC 8996)',
  },
  {
    scripts: [
      'alpn-negotiation',
      'session-ticket-resumption',
      'extended-master-secret-extension',
      'legacy-renegotiation',
    ],
    names: /renegotiat/,
    sees: /no_renegotiation/,
    reason: noRenegotiation,
  },
  {
    scripts: ['extended-master-secret-extension'],
    names: /^no EMS by default$|w\/DHE/,
    sees: /Handshake\(server_hello\)|Alert\(fatal, handshake_failure\)/,
    reason: 'the extended master secret is required by option only (RFC 7627 section 5.3), and DHE is not built',
  },
  {
    scripts: ['invalid-server-name-extension'],
    names: /^incorrect SNI$/,
    sees: /Handshake\(server_hello\)/,
    reason: 'a server with one identity takes any host name, as RFC 6066 section 3 allows',
  },
  {
    scripts: ['ecdsa-sig-flexibility', 'sig-algs', 'clienthello-md5'],
    names: /sha1|sha224|md5/,
    sees: /Alert\(fatal, handshake_failure\)/,
    reason: 'no signature is made with MD5, SHA-1 or SHA-224 (RFC 9155)',
  },
  {
    scripts: ['sig-algs'],
    names: /^rsa_pss_pss/,
    sees: /Alert\(fatal, handshake_failure\)/,
    reason:
      'the server has a key of type rsaEncryption, which does not sign rsa_pss_pss schemes (RFC 9846 section 4.3.3)',
  },
  {
    scripts: ['aesccm'],
    names: /8 byte tag/,
    sees: /Alert\(fatal, handshake_failure\)/,
    reason: 'of the suites with CCM_8 those with ECDSA are built, and this server has an RSA key in front (RFC 7251)',
  },
  {
    scripts: ['clienthello-md5'],
    names: /^sanity$/,
    sees: /Alert\(fatal, handshake_failure\)/,
    reason: 'it offers a suite with DHE alone, which is not built (RFC 9325 section 4.1)',
  },
  {
    scripts: ['resumption-with-wrong-ciphers'],
    names: /NULL cipher|not selected by server/,
    sees: /Handshake\(server_hello\)|received "handshake_failure"/,
    reason:
      'a session whose suite is not offered is not resumed, and the hello is answered as any other (RFC 5246 ' +
      'section 7.4.1.3): a full ' +
      'handshake, or handshake_failure with no common suite',
  },
]

/** Why a conversation differs; undefined if it is not among those above, or showed anything else than is said there. */
export const reasonOf = (script: string, name: string, seen: readonly string[]): string | undefined =>
  differences.find(
    ({ scripts, names, sees }) =>
      (scripts === undefined || scripts.includes(script)) &&
      names.test(name) &&
      seen.length > 0 &&
      seen.every((line) => sees.test(line)),
  )?.reason
