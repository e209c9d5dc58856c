// Which test shows what of node:tls and node:https, by the names of their declarations: `option ca`, `event secure`,
// `method getCipher`. docs-node-tls.ts makes docs/node-tls.md of it, test/docs/node-tls.test.ts holds it to be whole.

export interface Shown {
  readonly file: string
  /** Of a test in it. */
  readonly title: string
  readonly names: readonly string[]
}

const surface = (title: string, ...names: readonly string[]): Shown => ({
  file: 'test/node/surface.test.ts',
  title,
  names,
})
const scenario = (title: string, ...names: readonly string[]): Shown => ({
  file: 'test/node/differential/scenarios.ts',
  title,
  names,
})
const renegotiation = (title: string, ...names: readonly string[]): Shown => ({
  file: 'test/node/renegotiation.test.ts',
  title,
  names,
})
const https = (title: string, ...names: readonly string[]): Shown => ({ file: 'test/node/https.test.ts', title, names })

export const shown: readonly Shown[] = [
  surface(
    'option ca, cert and key: PEM and DER, text and bytes, one and several',
    'option ca',
    'option cert',
    'option key',
  ),
  surface('option key and passphrase: an encrypted key, alone and in the object form', 'option passphrase'),
  surface('option pfx: key, certificate and passphrase out of PKCS#12', 'option pfx'),
  surface('option crl: a certificate that was revoked', 'option crl'),
  surface(
    'option ciphers: words and names of both versions',
    'option ciphers',
    'function getCiphers',
    'method getCipher',
  ),
  surface('option honorCipherOrder: the order of the server, or of the client', 'option honorCipherOrder'),
  surface('option ecdhCurve: the group of the key agreement', 'option ecdhCurve', 'method getEphemeralKeyInfo'),
  surface('option sigalgs: what is signed with', 'option sigalgs', 'method getSharedSigalgs'),
  surface(
    'option minVersion, maxVersion, secureProtocol and secureOptions: the version',
    'option minVersion',
    'option maxVersion',
    'option secureProtocol',
    'option secureOptions',
    'method getProtocol',
  ),
  surface('option dhparam: checked, though there is no suite that would use it', 'option dhparam'),
  surface('option certificateCompression: certificates compressed in TLS 1.3', 'option certificateCompression'),
  surface(
    'option ticketKeys, sessionIdContext and sessionTimeout: whose sessions go on',
    'option ticketKeys',
    'option sessionIdContext',
    'option sessionTimeout',
    'method getTicketKeys',
    'method setTicketKeys',
    'method isSessionReused',
  ),
  surface(
    'option privateKeyEngine, privateKeyIdentifier and clientCertEngine: refused',
    'option privateKeyEngine',
    'option privateKeyIdentifier',
    'option clientCertEngine',
  ),
  surface(
    'option secureContext: used as it is, whatever stands beside it',
    'option secureContext',
    'function createSecureContext',
  ),
  surface(
    'option requestCert and rejectUnauthorized: whose certificate is judged',
    'option requestCert',
    'option rejectUnauthorized',
    'property authorized',
    'property authorizationError',
  ),
  surface('option ALPNProtocols: names, or their wire format', 'option ALPNProtocols', 'property alpnProtocol'),
  surface(
    'option requestOCSP, events OCSPRequest and OCSPResponse: a response is stapled',
    'option requestOCSP',
    'event OCSPRequest',
    'https event OCSPRequest',
    'event OCSPResponse',
  ),
  surface(
    'option enableTrace and method enableTrace(): records on standard error',
    'option enableTrace',
    'method enableTrace',
  ),
  surface(
    'option pskCallback and pskIdentityHint: keys that both ends have',
    'option pskCallback',
    'option pskIdentityHint',
  ),
  surface(
    'option host, port, lookup, timeout and minDHSize of connect()',
    'option host',
    'option port',
    'option lookup',
    'option timeout',
    'option minDHSize',
    'function connect',
  ),
  surface('option path: a Unix socket', 'option path'),
  surface(
    'option socket and isServer: over a stream that is there',
    'option socket',
    'option isServer',
    'property encrypted',
  ),
  surface('option server: whose events a socket of it emits', 'option server', 'function createServer'),
  surface(
    'option session, methods getSession() and setSession(): a session goes on',
    'option session',
    'method getSession',
    'method getTLSTicket',
  ),
  surface(
    'option checkServerIdentity and servername: asked about the certificate with its issuers',
    'option checkServerIdentity',
    'option servername',
  ),
  surface(
    'events secure, secureConnect, session and keylog of a socket',
    'event secure',
    'event secureConnect',
    'event session',
    'event keylog',
  ),
  surface(
    'events secureConnection, tlsClientError, keylog, newSession and resumeSession of a server',
    'event secureConnection',
    'event tlsClientError',
    'event newSession',
    'event resumeSession',
    'https event keylog',
    'https event newSession',
    'https event resumeSession',
  ),
  surface('methods addContext() and setSecureContext() of a server', 'method addContext', 'method setSecureContext'),
  surface(
    'methods that tell of certificates',
    'method getPeerCertificate',
    'method getPeerX509Certificate',
    'method getCertificate',
    'method getX509Certificate',
  ),
  surface(
    'methods getFinished(), getPeerFinished() and exportKeyingMaterial(): the same at both ends',
    'method getFinished',
    'method getPeerFinished',
    'method exportKeyingMaterial',
  ),
  surface('method setMaxSendFragment(): records of that size', 'method setMaxSendFragment'),
  surface(
    'method setKeyCert(): another certificate, chosen in ALPNCallback',
    'method setKeyCert',
    'option ALPNCallback',
  ),
  renegotiation('renegotiate when the client asks', 'method renegotiate'),
  renegotiation('disableRenegotiation(): the next one ends the connection', 'method disableRenegotiation'),
  renegotiation('CLIENT_RENEG_LIMIT %i: one more is an attack, and ends the connection', 'value CLIENT_RENEG_LIMIT'),
  renegotiation('CLIENT_RENEG_WINDOW: seconds after which the count begins again', 'value CLIENT_RENEG_WINDOW'),
  surface(
    'functions and values of the module',
    'function checkServerIdentity',
    'function getCACertificates',
    'function getCertificateCompressionAlgorithms',
    'value rootCertificates',
    'value DEFAULT_CIPHERS',
    'value DEFAULT_ECDH_CURVE',
    'value DEFAULT_MIN_VERSION',
  ),
  surface('setDefaultCACertificates(): trusted where ca is not given', 'function setDefaultCACertificates'),
  surface('the defaults of the module, changed by a program, count from then on', 'value DEFAULT_MAX_VERSION'),
  scenario('an intermediate in ca with allowPartialTrustChain', 'option allowPartialTrustChain'),
  scenario('SNICallback and ALPNCallback', 'option SNICallback'),
  scenario('contexts by name', 'property servername'),
  scenario('a client that is slow', 'option handshakeTimeout'),
  https('names pools as node:https does, and those by objects by their objects', 'https method getName'),
  https('keeps connections alive, and apart by identity', 'https method createConnection', 'https property options'),
  https('resumes sessions through one agent', 'https option maxCachedSessions'),
  https(
    'takes a URL, text or object, with options and callback',
    'https function request',
    'https function get',
    'https option rejectUnauthorized',
    'https option servername',
  ),
  https('gives a request with a check of its own a connection of its own', 'https option checkServerIdentity'),
  https(
    'uses the global agent, which the default export holds, and refuses unknown authorities',
    'https value globalAgent',
  ),
  https("is net's and tls's server, made with and without new, and answers", 'https function createServer'),
  https(
    'close() ends idle connections and no others; closeAllConnections() ends those too',
    'https method closeAllConnections',
    'https method closeIdleConnections',
  ),
  https(
    'tells a failed handshake as clientError too',
    'https event clientError',
    'https event tlsClientError',
    'https event secureConnection',
  ),
  https(
    'emits upgrade, connect, checkContinue and clientError with itself as their server',
    'https event upgrade',
    'https event connect',
    'https event checkContinue',
    'https event request',
    'https event connection',
    'https event close',
    'https event error',
    'https event listening',
    'https event checkExpectation',
  ),
]

/** What is meant to be different, with the reason. */
export const reasons: Readonly<Record<string, string>> = {
  'option dhparam': 'checked, and of no use: there are no suites with finite-field Diffie-Hellman here',
  'option minDHSize': 'checked, and of no use for the same reason',
  'option privateKeyEngine': 'refused: there is no OpenSSL here to load an engine',
  'option privateKeyIdentifier': 'refused with privateKeyEngine',
  'option clientCertEngine': 'refused: there is no OpenSSL here to load an engine',
  'method enableTrace': 'the trace is the one of puretls/inspect/trace',
}
