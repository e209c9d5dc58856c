// Where puretls/node is meant to differ from node:tls: a line of a scenario's log in node:tls, and what stands there
// instead ('' for nothing), with the reason.

export interface Difference {
  readonly node: string
  readonly puretls: string
  readonly why: string
}

const noReason = 'throws Error undefined error:00000000:lib(0)::reason(0)'
const unknownSigalg = 'throws Error ERR_CRYPTO_OPERATION_FAILED SSL_CTX_set1_sigalgs_list() failed'
const resumedLeaf: Difference = {
  node: 'client reused true authorized true undefined',
  puretls: 'client reused true authorized true DNS:localhost, IP Address:127.0.0.1',
  why: 'the session carries the certificates of the server: they are there on a resumed connection too',
}

const unknownRecord = (who: string): Difference => ({
  node: `${who} Error ERR_SSL_UNEXPECTED_MESSAGE error:0A0000F4:SSL routines::unexpected message`,
  puretls: `${who} Error ERR_SSL_WRONG_VERSION_NUMBER error:0A00010B:SSL routines::wrong version number`,
  why: 'what is no record of TLS is told as such, whatever its second byte is',
})

export const intended: Readonly<Record<string, readonly Difference[]>> = {
  'a record of an unknown type, to the server': [unknownRecord('server tlsClientError')],
  'a record of an unknown type, to the client': [unknownRecord('client error')],
  'a session of TLS 1.2': [resumedLeaf],
  'a session of TLS 1.3': [resumedLeaf],
  'values that cannot be read': ['createSecureContext', 'createServer'].map((name) => ({
    node: `${name}({"sigalgs":"none"}): ${noReason}`,
    puretls: `${name}({"sigalgs":"none"}): ${unknownSigalg}`,
    why: 'OpenSSL leaves no error behind that says what is wrong',
  })),
}
