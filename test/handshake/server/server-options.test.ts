// Options of a server that have a rule of their own: chooseAlpn without a protocol (RFC 7301), the window for early
// data (RFC 9846 section 8.3).

import { mergeOptions } from '../../../src/options/merge.ts'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { serverConfig } from '../../../src/engine/every.ts'
import type { ClientOptions, ServerOptions } from '../../../src/options.ts'
import { decodeSession, rotatingTicketKeys } from '../../../src/session/index.ts'
import { errorOf, eventsOf, infoOf, meet, serverOf } from '../../fixtures/engines.ts'
import { ecdsa } from '../../fixtures/identities.ts'

const versions = ['TLS 1.2', 'TLS 1.3'] as const

describe.each(versions)('chooseAlpn in %s', (version) => {
  const only = { versions: { min: version, max: version } }
  it('with null goes on without a protocol (RFC 7301 section 3.1)', async () => {
    const { clientEvents, serverEvents } = await meet(
      { ...only, alpn: ['h2'] },
      { ...only, hello: { chooseAlpn: () => null } },
    )
    expect([infoOf(clientEvents).alpn, infoOf(serverEvents).alpn]).toEqual([undefined, undefined])
  })
  it('with undefined refuses (RFC 7301 section 3.2)', async () => {
    const { serverEvents } = await meet({ ...only, alpn: ['h2'] }, { ...only, hello: { chooseAlpn: () => undefined } })
    expect(errorOf(serverEvents)).toMatchObject({ code: 'no_common_protocol', alert: 'no_application_protocol' })
  })
  it('with an empty name is an error of the application', async () => {
    const { clientEvents, serverEvents } = await meet(
      { ...only, alpn: ['h2'] },
      { ...only, hello: { chooseAlpn: () => '' } },
    )
    expect(errorOf(serverEvents)).toMatchObject({ code: 'bad_option', alert: 'internal_error' })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'alert_received', received: 'internal_error' })
  })
})

describe('earlyData.windowSeconds (RFC 9846 section 8.3)', () => {
  const earlyData = Uint8Array.of(1, 2, 3)
  /** Early data with a ticket whose age the client thinks is `error` milliseconds more than it is. */
  const withAgeError = async (
    error: number,
    options: ServerOptions,
  ): Promise<{ readonly accepted: boolean; readonly seconds: number | undefined }> => {
    const now = Date.now()
    let seconds: number | undefined
    const server = mergeOptions<ServerOptions>(
      {
        tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
        earlyData: { maxBytes: 100, replayGuard: { firstSeen: (_, ttl) => ((seconds = ttl), true) } },
        clock: () => now + 120_000,
      },
      options,
    )
    const common: Partial<ClientOptions> = { versions: { min: 'TLS 1.3' } }
    const [first] = eventsOf(
      (await meet({ ...common, clock: () => now }, { ...server, clock: () => now })).clientEvents,
      'session',
    )
    if (!first) throw new Error('no session came')
    const session = decodeSession(first.session)
    const { serverEvents } = await meet({ ...common, clock: () => now + 120_000 + error, session, earlyData }, server)
    expect(infoOf(serverEvents).resumed).toBe(true)
    return { accepted: infoOf(serverEvents).earlyData === 'accepted', seconds }
  }
  it.each([
    [10_000, true],
    [-10_000, true],
    [10_001, false],
    [-10_001, false],
  ])('is ten seconds: %i ms, %s', async (error, accepted) => {
    expect((await withAgeError(error, {})).accepted).toBe(accepted)
  })
  it.each([
    [60_000, true],
    [60_001, false],
  ])('may be a minute: %i ms, %s; the guard remembers for twice that', async (error, accepted) => {
    expect(await withAgeError(error, { earlyData: { windowSeconds: 60 } })).toEqual({
      accepted,
      seconds: accepted ? 121 : undefined,
    })
  })
  it.each([
    [undefined, 22_000],
    [60, 122_000],
  ])(
    'of %s s: the default guard waits %i ms where tickets outlive the process, and not where they do not',
    (earlyDataWindow, wait) => {
      const waits: number[] = []
      const defaults = {
        replayGuard: (_: () => number, quarantine: number) => (waits.push(quarantine), { firstSeen: () => true }),
      }
      const options: ServerOptions = {
        provider: nodeProvider,
        ...ecdsa,
        earlyData: { maxBytes: 1, ...(earlyDataWindow && { windowSeconds: earlyDataWindow }) },
      }
      serverConfig({ ...options, tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) } }, defaults)
      serverConfig(options, defaults)
      expect(waits).toEqual([wait, 0])
    },
  )
  it.each([0, 601, 1.5])('is 1 to 600 seconds, not %s', (earlyDataWindow) => {
    expect(() => serverOf({ earlyData: { windowSeconds: earlyDataWindow } })).toThrow(
      expect.objectContaining({ code: 'bad_option' }),
    )
  })
})
