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

const noContext =
  'throws TypeError ERR_INVALID_ARG_TYPE The "options.sessionIdContext" property must be of type string.'
const listOfContexts: readonly Difference[] = [
  ['sessionIdContext 13: []', 'Array'],
  ['sessionIdContext 19: 1 bytes', 'Buffer'],
].map(([given = '', kind = '']) => ({
  node: `${given}: ${noContext} Received an instance of ${kind}`,
  puretls: `${given}: taken`,
  why: 'bytes and lists are taken as well',
}))

const contextOfSomething = (name: string): Difference => ({
  node: `${name}: server TypeError undefined Invalid SNI context`,
  puretls: `${name}: server TypeError ERR_TLS_INVALID_CONTEXT Invalid SNI context`,
  why: 'the error has the code of any invalid context',
})

export const intended: Readonly<Record<string, readonly Difference[]>> = {
  'a record of an unknown type, to the server': [unknownRecord('server tlsClientError')],
  'a record of an unknown type, to the client': [unknownRecord('client error')],
  'rubbish on the wire': [
    {
      node: 'client error Error ERR_SSL_BAD_RECORD_TYPE error:0A0001BB:SSL routines::bad record type',
      puretls: 'client error Error ERR_SSL_UNEXPECTED_MESSAGE error:0A0000F4:SSL routines::unexpected message',
      why: 'a type that there is not has the error of its alert, unexpected_message (RFC 9846 section 5)',
    },
  ],
  'answers of SNICallback': [contextOfSomething('something else'), contextOfSomething('something else, later')],
  'answers of pskCallback': [
    {
      node: 'hint a hint',
      puretls: 'hint null',
      why: 'the key is asked for before the handshake, when the hint is not known',
    },
    {
      node: 'client error Error ERR_SSL_PSK_IDENTITY_NOT_FOUND error:0A0000DF:SSL routines::psk identity not found',
      puretls: 'client error Error ERR_SSL_NO_CIPHERS_AVAILABLE error:0A0000B5:SSL routines::no ciphers available',
      why: 'without a key no suite is offered that wants one',
    },
    {
      node:
        'server Error ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE ' +
        'error:0A000410:SSL routines::ssl/tls alert handshake failure:SSL alert number 40',
      puretls: 'server Error ECONNRESET socket hang up',
      why: 'the client ends before its hello',
    },
  ],
  'options of contexts, of every type': [
    ...listOfContexts,
    ...['', 'text', 'a text that is longer than what errors show of it'].map((name, index) => ({
      node: `clientCertEngine ${index + 9}: ${name}: throws Error undefined ${
        name === ''
          ? 'error:13000074:engine routines::no such engine'
          : 'error:12800067:DSO support routines::could not load the shared library'
      }`,
      puretls:
        `clientCertEngine ${index + 9}: ${name}: throws Error ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED ` +
        'Custom engines not supported by this OpenSSL',
      why: 'there is no OpenSSL that could load an engine',
    })),
  ],
  'sockets that are not connected': [
    ['1', 'type number (1)'],
    ['text', "type string ('text')"],
    ['{}', 'an instance of Object'],
    ['[]', 'an instance of Array'],
    ['() => undefined', 'function '],
  ].map(([given = '', received = '']) => ({
    node: `TLSSocket of ${given}: throws TypeError undefined stream.pause is not a function`,
    puretls:
      `TLSSocket of ${given}: throws TypeError ERR_INVALID_ARG_TYPE ` +
      `The "socket" argument must be an instance of Duplex. Received ${received}`,
    why: 'the error says which argument is wrong',
  })),
  'options of servers, of every type': [
    ...listOfContexts,
    {
      node:
        'setTicketKeys 19: 1 bytes: throws Error ERR_INTERNAL_ASSERTION ' +
        'Session ticket keys must be a 48-byte buffer\n' +
        'This is caused by either a bug in Node.js or incorrect usage of Node.js internals.\n' +
        'Please open an issue with this stack trace at https://github.com/nodejs/node/issues',
      puretls:
        'setTicketKeys 19: 1 bytes: throws AssertionError ERR_ASSERTION Session ticket keys must be a 48-byte buffer',
      why: 'it is no fault of Node',
    },
  ],
  'a key of both ends where certificates are asked for, TLS 1.3': [
    {
      node:
        'client error Error ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED ' +
        'error:0A00045C:SSL routines::tlsv13 alert certificate required:SSL alert number 116',
      puretls: '',
      why: 'the handshake is by the key, and the server leaves after it; node:tls falls back to certificates',
    },
  ],
  'a session of TLS 1.2': [resumedLeaf],
  'a session of TLS 1.3': [resumedLeaf],
  'values that cannot be read': ['createSecureContext', 'createServer'].map((name) => ({
    node: `${name}({"sigalgs":"none"}): ${noReason}`,
    puretls: `${name}({"sigalgs":"none"}): ${unknownSigalg}`,
    why: 'OpenSSL leaves no error behind that says what is wrong',
  })),
}
