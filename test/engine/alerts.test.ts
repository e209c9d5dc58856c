// What a received alert says to people (RFC 9846 section 6.2): the same number means different things at different
// times.

import { describe, expect, it } from 'vitest'
import { explanations } from '../../src/config/explanations.ts'
import { readAlert } from '../../src/engine/alerts.ts'
import { alertNumbers } from '../../src/errors.ts'
import type { AlertName } from '../../src/errors.ts'
import { TLS12, TLS13 } from '../../src/wire/registry.ts'
import { errorOf, meet } from '../fixtures/engines.ts'

const FATAL = 2
const messageOf = (name: AlertName, established = false, version = TLS13): string => {
  const hintFor = (alert: string) => explanations.alertHint(alert, established)
  const alert = readAlert(Uint8Array.of(FATAL, alertNumbers[name]), version, hintFor)
  if (alert.kind !== 'fatal') throw new Error(`a fatal alert read as ${alert.kind}`)
  expect(alert.error).toMatchObject({ code: 'alert_received', received: name, alert: undefined })
  return alert.error.message
}

describe('the hint of a received alert', () => {
  it.each<readonly [AlertName, RegExp]>([
    ['certificate_unknown', /did not accept our certificate/],
    ['unsupported_certificate', /key type.*extended key usage/],
    ['certificate_required', /give one as cert and key, or as identity/],
    ['handshake_failure', /no suite, group or signature scheme in common/],
  ])('%s', (name, hint) => expect(messageOf(name)).toMatch(hint))

  it('says nothing of suites once the handshake is done, as after a renegotiation that the peer refuses', () => {
    expect(messageOf('handshake_failure', true, TLS12)).toMatch(/after the handshake, such as a renegotiation$/)
    expect(messageOf('no_renegotiation', true, TLS12)).toMatch(/refuses to renegotiate$/)
  })

  it('leaves room for a server that refuses a client for its own reasons, as onClientHello does', async () => {
    const { clientEvents, serverEvents } = await meet({}, { onClientHello: () => 'reject' })
    expect(errorOf(serverEvents).code).toBe('rejected_by_server')
    expect(errorOf(clientEvents).message).toMatch(/or it refuses this connection for a reason of its own/)
  })
})
