// Which ends of a connection make its sessions forgotten (RFC 5246 section 7.2.2, RFC 9846 section 6.2).

import { describe, expect, it, vi } from 'vitest'
import { SessionsAtStake } from '../../src/engine/sessions-at-stake.ts'
import { quietError, TlsError } from '../../src/errors.ts'

const fatal = new TlsError('bad_record_mac', 'does not open')
const received = quietError('alert_received', 'the peer said so', { received: 'internal_error' })
const aborted = quietError('aborted', 'given up')
const transport = quietError('transport_failed', 'cut')

describe('a connection that fails', () => {
  it.each([
    ['a fatal alert of ours in the handshake', fatal, false, true],
    ['a fatal alert of ours later', fatal, true, true],
    ['a fatal alert of the peer in the handshake', received, false, true],
    ['a fatal alert of the peer later', received, true, true],
    ['the end of the transport in the handshake', transport, false, true],
    ['the end of the transport later', transport, true, false],
    ['an abort of the application in the handshake', aborted, false, false],
    ['an abort of the application later', aborted, true, false],
  ])('by %s', (_, error, established, forgotten) => {
    const sessions = new SessionsAtStake()
    const forget = vi.fn()
    sessions.add(forget)
    sessions.failed(error, established)
    expect(forget).toHaveBeenCalledTimes(forgotten ? 1 : 0)
  })
  it('forgets each session once, the last 16 of them, and caches that fail keep theirs', () => {
    const sessions = new SessionsAtStake()
    const forget = Array.from({ length: 20 }, (__, index) =>
      vi.fn((): undefined | Promise<void> => {
        if (index === 18) return Promise.reject(new Error('later'))
        if (index === 19) throw new Error('at once')
        return undefined
      }),
    )
    for (const one of forget) sessions.add(one)
    sessions.failed(fatal, true)
    sessions.failed(fatal, true)
    expect(forget.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0, 0, ...Array.from({ length: 16 }, () => 1)])
  })
})
