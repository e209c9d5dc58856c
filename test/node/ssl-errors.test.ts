// The numbers and words of OpenSSL that programs of node:tls go by, each compared with what OpenSSL itself says of it.

import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { alertNumbers, TlsError, tlsErrorCodes } from '../../src/errors.ts'
import type { AlertName, TlsErrorCode } from '../../src/errors.ts'
import { nodeErrorOf } from '../../src/node/ssl-errors.ts'
import { hasOpenssl } from '../pki/openssl.ts'

/** OpenSSL's own line for an error; 3.2 renamed the alerts of SSL 3.0, and this is whichever is installed. */
const wordsOf = (packed: string): string => sameNames(execFileSync('openssl', ['errstr', packed], { encoding: 'utf8' }))
const sameNames = (line: string): string => line.trim().replace('ssl/tls alert', 'sslv3 alert')
const packedIn = (message: string): string => /^error:([0-9A-F]{8}):SSL routines::/.exec(message)?.[1] ?? ''

const alerts = Object.keys(alertNumbers) as AlertName[]

describe.runIf(hasOpenssl)('errors of our own, in the words of OpenSSL', () => {
  it.each(tlsErrorCodes)('%s', (code) => {
    const error = nodeErrorOf(new TlsError(code, 'a sentence'))
    const packed = packedIn(error.message)
    const said = packed === '0A000044' ? `error:0A000044:SSL routines::${code.replaceAll('_', ' ')}` : wordsOf(packed)
    expect(error.message).toBe(said)
    const reason = said.split('::')[1] ?? ''
    expect(error).toMatchObject({
      library: 'SSL routines',
      reason,
      code: `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`,
      cause: expect.objectContaining({ code }),
    })
  })
})

describe.runIf(hasOpenssl)('alerts of the peer, in the words of OpenSSL', () => {
  it.each(alerts)('%s', (received) => {
    const { message } = nodeErrorOf(new TlsError('alert_received', 'a sentence', { received }))
    const [line, number] = message.split(':SSL alert number ')
    expect(number).toBe(String(alertNumbers[received]))
    expect(packedIn(message)).toBe(
      (0x0a000000 + 1000 + alertNumbers[received]).toString(16).toUpperCase().padStart(8, '0'),
    )
    const own = wordsOf(packedIn(message))
    if (!own.includes('reason(')) expect(sameNames(line ?? '')).toBe(own)
  })

  it('one without a name keeps its number', () => {
    expect(nodeErrorOf(new TlsError('alert_received', 'a sentence', { received: 'unknown_77' as never })).message).toBe(
      'error:0A000435:SSL routines::unknown alert type:SSL alert number 77',
    )
  })
})

describe('what failed underneath keeps its own error', () => {
  const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  it.each<TlsErrorCode>(['transport_failed', 'internal_error', 'verifier_refused'])('%s', (code) => {
    expect(nodeErrorOf(new TlsError(code, 'a sentence', { cause }))).toBe(cause)
  })
  it('but no other', () => {
    expect(nodeErrorOf(new TlsError('decode_error', 'a sentence', { cause }))).not.toBe(cause)
    const plain = new Error('plain')
    expect(nodeErrorOf(new TlsError('internal_error', 'a sentence', { cause: plain }))).not.toBe(plain)
    expect(nodeErrorOf(new TlsError('transport_failed', 'a sentence', { cause: plain }))).toBe(plain)
    expect(nodeErrorOf(new TlsError('transport_failed', 'a sentence', { cause: 'text' }))).toBeInstanceOf(Error)
  })
})
