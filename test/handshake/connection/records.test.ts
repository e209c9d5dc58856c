// Records that break RFC 9846 section 5, and alerts that break section 6, made by hand under the secrets of a
// handshake's own key log. Tests are named after the section.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { TlsErrorCode } from '../../../src/errors.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { HELLO_RETRY_REQUEST_RANDOM } from '../../../src/wire/messages.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, serverOf } from '../../fixtures/engines.ts'
import { ecdsa } from '../../fixtures/identities.ts'
import { finished, forger, oneSuite, plainRecord, refusalOf, secretOf, tls13 } from '../misbehaving.ts'

const alert = 21
const handshake = 22
const data = 23
const empty = new Uint8Array(0)

/** A server in the middle of its handshake: it waits for the client's Finished, whose secrets are known. */
const waitingServer = () => {
  const log: string[] = []
  const client = clientOf({ ...oneSuite, keyLog: (line) => log.push(line), hello: { compatibilityMode: false } })
  const server = serverOf(oneSuite)
  for (const bytes of client.takeOutput()) server.receive(bytes)
  for (const bytes of server.takeOutput()) client.receive(bytes)
  return { server, client, forge: forger(secretOf(log, 'CLIENT_HANDSHAKE_TRAFFIC_SECRET')), log }
}

/** A finished connection and a forger of the client's application records. */
const established = async (serverOptions = {}, clientOptions = {}) => {
  const meeting = await finished(clientOptions, serverOptions)
  infoOf(meeting.serverEvents)
  return { ...meeting, forge: forger(secretOf(meeting.log, 'CLIENT_TRAFFIC_SECRET_0')) }
}

describe('application data before Finished (RFC 9846 section 2)', () => {
  it('under the handshake keys', () => {
    const { server, forge } = waitingServer()
    expect(refusalOf(server, forge(data, Uint8Array.of(1)))).toMatchObject({
      code: 'unexpected_message',
      alert: 'unexpected_message',
    })
  })

  it('under the application keys', () => {
    const { server, log } = waitingServer()
    const early = forger(secretOf(log, 'CLIENT_TRAFFIC_SECRET_0'))
    expect(refusalOf(server, early(data, Uint8Array.of(1)))).toMatchObject({
      code: 'bad_record_mac',
      alert: 'bad_record_mac',
    })
  })

  it('in the clear', () => {
    const { server } = waitingServer()
    const error = refusalOf(server, plainRecord(data, Uint8Array.of(1, 2, 3)))
    expect(['bad_record_mac', 'unexpected_message']).toContain(error.code)
  })

  it("a server's, to the client", async () => {
    const log: string[] = []
    const client = clientOf({ ...oneSuite, keyLog: (line) => log.push(line) })
    const server = serverOf(oneSuite)
    for (const bytes of client.takeOutput()) server.receive(bytes)
    const [hello] = server.takeOutput()
    client.receive(hello ?? empty)
    const forge = forger(secretOf(log, 'SERVER_HANDSHAKE_TRAFFIC_SECRET'))
    expect(refusalOf(client, forge(data, Uint8Array.of(1)))).toMatchObject({ code: 'unexpected_message' })
  })

  it("send() before the handshake is the caller's mistake", () => {
    expect(() => clientOf().send(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'wrong_state' }))
  })
})

describe('record layer (RFC 9846 section 5.1)', () => {
  it.each<readonly [string, Uint8Array, TlsErrorCode, string]>([
    [
      'a plaintext record over 2^14 bytes',
      plainRecord(handshake, new Uint8Array(16385).fill(1)),
      'record_overflow',
      'record_overflow',
    ],
    ['an empty handshake record', plainRecord(handshake, empty), 'unexpected_message', 'unexpected_message'],
    ['an empty alert record', plainRecord(alert, empty), 'unexpected_message', 'unexpected_message'],
    [
      'a ChangeCipherSpec first (section 5)',
      plainRecord(20, Uint8Array.of(1)),
      'unexpected_message',
      'unexpected_message',
    ],
    [
      'a handshake message over the limit',
      plainRecord(handshake, Uint8Array.of(1, 0xff, 0xff, 0xff)),
      'message_too_large',
      'illegal_parameter',
    ],
  ])('%s', (_, record, code, name) => {
    expect(refusalOf(serverOf(tls13), record)).toMatchObject({ code, alert: name })
  })

  it('application data first', () => {
    expect(refusalOf(serverOf(tls13), plainRecord(data, Uint8Array.of(1)))).toMatchObject({
      code: 'unexpected_message',
      alert: 'unexpected_message',
      message: expect.stringContaining('without encryption'),
    })
  })

  it('a record type that is not known', () => {
    const { server } = waitingServer()
    const error = refusalOf(server, plainRecord(99, Uint8Array.of(1)))
    expect(error).toMatchObject({ code: 'unexpected_message', message: expect.stringContaining('content type 99') })
  })

  it('the version of a record is ignored, but for the first, which has to be TLS (section 5.1)', async () => {
    const versions = (bytes: Uint8Array, version: number): Uint8Array => {
      const changed = bytes.slice()
      let at = 0
      while (at < changed.length) {
        changed.set([version >> 8, version & 0xff], at + 1)
        at += 5 + ((changed[at + 3] ?? 0) << 8) + (changed[at + 4] ?? 0)
      }
      return changed
    }
    const [client, server] = [clientOf(oneSuite), serverOf(oneSuite)]
    for (const bytes of client.takeOutput()) server.receive(versions(bytes, 0x03ff))
    const [serverHello = empty, ...rest] = server.takeOutput()
    const end = 5 + ((serverHello[3] ?? 0) << 8) + (serverHello[4] ?? 0)
    client.receive(serverHello.subarray(0, end))
    client.receive(versions(Uint8Array.of(20, 3, 3, 0, 1, 1), 0x0403))
    for (const bytes of [serverHello.subarray(end), ...rest]) client.receive(bytes)
    expect(eventsOf(client.takeEvents(), 'handshake')).toHaveLength(1)
    const { server: waiting } = waitingServer()
    const record = plainRecord(data, new Uint8Array(40), 0x0403)
    expect(refusalOf(waiting, record)).toMatchObject({ code: 'bad_record_mac' }) // and not for its version
    expect(refusalOf(serverOf(tls13), plainRecord(handshake, new Uint8Array(40), 0x0403)).code).toBe('not_tls')
  })

  it('an inner content type that is not known (section 5.2)', async () => {
    const { server, forge } = await established()
    expect(refusalOf(server, forge(99, Uint8Array.of(1)))).toMatchObject({ code: 'unexpected_message' })
  })

  it.each([
    ['another record type', data],
    ['an alert that is no closure', 20],
  ])('%s inside a handshake message', (_, type) => {
    const { server, forge } = waitingServer()
    server.receive(forge(handshake, Uint8Array.of(20, 0, 0, 32, 1)))
    expect(refusalOf(server, forge(type, Uint8Array.of(1)))).toMatchObject({ code: 'unexpected_message' })
  })

  it.each([
    ['close_notify', [1, 0]],
    ['user_canceled', [1, 90]],
    ['handshake_failure', [2, 40]],
  ])('the alert %s inside a handshake message (section 5.1)', (name, content) => {
    const { server, forge } = waitingServer()
    server.receive(forge(handshake, Uint8Array.of(20, 0, 0, 32, 1)))
    const error = refusalOf(server, forge(alert, Uint8Array.from(content)))
    expect(error).toMatchObject({
      code: 'unexpected_message',
      alert: 'unexpected_message',
      message: expect.stringContaining(name),
    })
  })

  it('empty application data before Finished', () => {
    const { server, forge } = waitingServer()
    expect(refusalOf(server, forge(data, empty))).toMatchObject({
      code: 'unexpected_message',
      alert: 'unexpected_message',
    })
  })

  it('an empty handshake record under encryption', async () => {
    const { server, forge } = await established()
    expect(refusalOf(server, forge(handshake, empty))).toMatchObject({ code: 'unexpected_message' })
  })

  it('a flood of empty application data', async () => {
    const { server, forge } = await established()
    for (let i = 0; i < 32; i++) server.receive(forge(data, empty))
    expect(server.takeEvents()).toEqual([])
    expect(refusalOf(server, forge(data, empty))).toMatchObject({
      code: 'too_many_messages',
      alert: 'unexpected_message',
    })
  })

  it('empty application data for ever, with a byte between: as many as carry something, and 512 more', async () => {
    const { server, forge } = await established()
    for (let i = 0; i < 2000; i++) for (const content of [empty, Uint8Array.of(1)]) server.receive(forge(data, content))
    expect(server.takeEvents().every(({ type }) => type === 'data')).toBe(true)
    let empties = 0
    const isOpen = () => server.takeEvents().every(({ type }) => type === 'data')
    while (isOpen() && empties < 2000) server.receive(forge(data, ++empties % 31 === 0 ? Uint8Array.of(1) : empty))
    expect(empties).toBeGreaterThan(512)
    expect(empties).toBeLessThan(600)
  })
})

describe('ChangeCipherSpec (RFC 9846 section 5)', () => {
  it.each<readonly [string, Uint8Array]>([
    ['a value other than 1', Uint8Array.of(2)],
    ['two bytes', Uint8Array.of(1, 1)],
    ['none', empty],
  ])('%s', (_, content) => {
    const { server } = waitingServer()
    expect(refusalOf(server, plainRecord(20, content))).toMatchObject({ code: 'unexpected_message' })
  })

  it('after the handshake', async () => {
    const { server } = await established()
    expect(refusalOf(server, plainRecord(20, Uint8Array.of(1)))).toMatchObject({ code: 'unexpected_message' })
  })

  it('inside an encrypted record', () => {
    const { server, forge } = waitingServer()
    expect(refusalOf(server, forge(20, Uint8Array.of(1)))).toMatchObject({ code: 'unexpected_message' })
  })

  it('a flood of them', () => {
    const { server } = waitingServer()
    for (let i = 0; i < 32; i++) server.receive(plainRecord(20, Uint8Array.of(1)))
    expect(refusalOf(server, plainRecord(20, Uint8Array.of(1)))).toMatchObject({ code: 'too_many_messages' })
  })
})

describe('record protection (RFC 9846 section 5.2)', () => {
  it('a ciphertext over 2^14 + 256 bytes', () => {
    const { server } = waitingServer()
    expect(refusalOf(server, plainRecord(data, new Uint8Array(16641)))).toMatchObject({
      code: 'record_overflow',
      alert: 'record_overflow',
    })
  })

  it('one of 2^14 + 256 bytes is opened, and found wrong only there', async () => {
    const { server } = await established()
    const { code } = refusalOf(server, plainRecord(data, new Uint8Array(16640)))
    expect(code).toBe('bad_record_mac')
  })

  it('a plaintext over 2^14 bytes inside (section 5.4)', async () => {
    const { server, forge } = await established()
    expect(refusalOf(server, forge(data, new Uint8Array(16385)))).toMatchObject({ code: 'record_overflow' })
  })

  it('the most that is allowed is taken', async () => {
    const { server, forge } = await established()
    server.receive(forge(data, new Uint8Array(16384)))
    expect(eventsOf(server.takeEvents(), 'data')[0]?.data).toHaveLength(16384)
  })

  it('more than the record_size_limit that was sent (RFC 8449 section 4)', async () => {
    const { server, forge } = await established(
      { limits: { recordSizeLimit: 100 } },
      { limits: { recordSizeLimit: 16385 } },
    )
    server.receive(forge(data, new Uint8Array(99)))
    expect(eventsOf(server.takeEvents(), 'data')).toHaveLength(1)
    expect(refusalOf(server, forge(data, new Uint8Array(100)))).toMatchObject({ code: 'record_overflow' })
  })

  it('more than the record_size_limit that was sent, to the client', async () => {
    const server = { limits: { recordSizeLimit: 16385 }, tickets: false as const }
    const { client, log, clientEvents } = await finished({ limits: { recordSizeLimit: 100 } }, server)
    infoOf(clientEvents)
    const forge = forger(secretOf(log, 'SERVER_TRAFFIC_SECRET_0'))
    client.receive(forge(data, new Uint8Array(99)))
    expect(eventsOf(client.takeEvents(), 'data')).toHaveLength(1)
    expect(refusalOf(client, forge(data, new Uint8Array(100)))).toMatchObject({ code: 'record_overflow' })
  })

  it('nothing but padding (section 5.4)', async () => {
    const { server, forge } = await established()
    const error = refusalOf(server, forge(0, new Uint8Array(20)))
    expect(error).toMatchObject({ code: 'unexpected_message', message: expect.stringContaining('nothing but padding') })
  })

  it('a record in the clear once there are keys', async () => {
    const { server } = await established()
    expect(refusalOf(server, plainRecord(handshake, Uint8Array.of(24, 0, 0, 1, 0)))).toMatchObject({
      code: 'unexpected_message',
    })
  })

  it('a record repeated (section 5.3)', async () => {
    const { server, forge } = await established()
    const record = forge(data, Uint8Array.of(7))
    server.receive(record)
    expect(eventsOf(server.takeEvents(), 'data')).toHaveLength(1)
    expect(refusalOf(server, record)).toMatchObject({ code: 'bad_record_mac', alert: 'bad_record_mac' })
  })

  it('records in another order (section 5.3)', async () => {
    const { server, forge } = await established()
    const [first, second] = [forge(data, Uint8Array.of(1)), forge(data, Uint8Array.of(2))]
    expect(first.length).toBe(second.length)
    expect(refusalOf(server, second)).toMatchObject({ code: 'bad_record_mac' })
  })

  it('a ciphertext shorter than its tag', async () => {
    const { server } = await established()
    expect(refusalOf(server, plainRecord(data, new Uint8Array(15)))).toMatchObject({ code: 'bad_record_mac' })
  })

  it('the same record sealed by the other side', async () => {
    const { server, log } = await established()
    const reflected = forger(secretOf(log, 'SERVER_TRAFFIC_SECRET_0'))
    expect(refusalOf(server, reflected(data, Uint8Array.of(1)))).toMatchObject({ code: 'bad_record_mac' })
  })
})

describe('alerts (RFC 9846 section 6)', () => {
  it.each<readonly [string, Uint8Array, TlsErrorCode]>([
    ['one byte', Uint8Array.of(2), 'decode_error'],
    ['three bytes', Uint8Array.of(2, 40, 0), 'decode_error'],
    ['a level that does not exist', Uint8Array.of(3, 40), 'illegal_parameter'],
  ])('%s', async (_, content, code) => {
    const { server, forge } = await established()
    expect(refusalOf(server, forge(alert, content))).toMatchObject({ code })
  })

  it.each([
    [1, 'a warning'],
    [2, 'fatal'],
  ])('level %i ends the connection (%s)', async (level) => {
    const { server, forge } = await established()
    server.takeOutput()
    const error = refusalOf(server, forge(alert, Uint8Array.of(level, 40)))
    expect(error).toMatchObject({ code: 'alert_received', received: 'handshake_failure', alert: undefined })
    expect(server.takeOutput()).toEqual([])
    expect(server.closed).toBe(true)
  })

  it('an alert that is not known ends it too', async () => {
    const { server, forge } = await established()
    expect(refusalOf(server, forge(alert, Uint8Array.of(2, 222)))).toMatchObject({
      code: 'alert_received',
      received: 'unknown_222',
    })
  })

  it('in the clear, of a client that refused ServerHello and has no keys', () => {
    const { server } = waitingServer()
    const error = refusalOf(server, plainRecord(alert, Uint8Array.of(2, 47)))
    expect(error).toMatchObject({ code: 'alert_received', received: 'illegal_parameter' })
  })

  it('in the clear, once something encrypted came', async () => {
    const { server, forge } = waitingServer()
    server.receive(forge(handshake, Uint8Array.of(20, 0)))
    expect(refusalOf(server, plainRecord(alert, Uint8Array.of(2, 47)))).toMatchObject({ code: 'unexpected_message' })
    const done = await established()
    expect(refusalOf(done.server, plainRecord(alert, Uint8Array.of(1, 0)))).toMatchObject({
      code: 'unexpected_message',
    })
  })

  it('a close_notify in the clear is no clean end', () => {
    const { server } = waitingServer()
    expect(refusalOf(server, plainRecord(alert, Uint8Array.of(1, 0)))).toMatchObject({ code: 'closed' })
  })

  it('close_notify ends reading, data after it is ignored, and writing goes on (section 6.1)', async () => {
    const { server, client, forge, settle, clientEvents } = await established()
    server.receive(concat(forge(alert, Uint8Array.of(1, 0)), forge(data, Uint8Array.of(1))))
    expect(server.takeEvents()).toEqual([{ type: 'end' }])
    expect(server.closed).toBe(false)
    await server.send(Uint8Array.of(5))
    await settle()
    expect(eventsOf(clientEvents, 'data')[0]?.data).toEqual(Uint8Array.of(5))
    expect(client.closed).toBe(false)
  })

  it('close_notify during the handshake is no clean end (section 6.1)', () => {
    const { server, forge } = waitingServer()
    expect(refusalOf(server, forge(alert, Uint8Array.of(1, 0)))).toMatchObject({
      code: 'closed',
      received: 'close_notify',
    })
  })

  it('user_canceled waits for the close_notify behind it (section 6.1)', () => {
    const { server, forge } = waitingServer()
    server.receive(forge(alert, Uint8Array.of(1, 90)))
    expect(server.takeEvents()).toEqual([])
    expect(refusalOf(server, forge(alert, Uint8Array.of(1, 0)))).toMatchObject({ code: 'closed' })
  })

  it('the end of the transport without close_notify is truncation (section 6.1)', async () => {
    const { server } = await established()
    server.receiveEnd()
    expect(errorOf(server.takeEvents())).toMatchObject({ code: 'truncated', fault: 'transport', alert: undefined })
  })
})

describe('limits on key usage (RFC 9846 section 5.5)', () => {
  it('a key update comes before the limit', async () => {
    const meeting = await finished({ limits: { recordsPerKey: 3 } })
    for (let i = 0; i < 10; i++) await meeting.client.send(Uint8Array.of(i))
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'data').map((event) => event.data[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(eventsOf(meeting.serverEvents, 'keyUpdate').length).toBeGreaterThanOrEqual(3)
  })
})

describe('what a HelloRetryRequest looks like (RFC 9846 section 4.2.3)', () => {
  it('is the SHA-256 of its name', () => {
    expect(nodeProvider.hashes.sha256?.digest(new TextEncoder().encode('HelloRetryRequest'))).toEqual(
      HELLO_RETRY_REQUEST_RANDOM,
    )
  })
})

describe('the forger', () => {
  it('makes records that an honest server takes', async () => {
    const { server, forge } = await established()
    server.receive(forge(data, Uint8Array.of(1, 2, 3)))
    expect(eventsOf(server.takeEvents(), 'data')[0]?.data).toEqual(Uint8Array.of(1, 2, 3))
  })
  it('and the same meeting ends well without it', async () => {
    const { clientEvents } = await connectEngines(clientOf(oneSuite), serverOf({ ...oneSuite, identity: ecdsa }))
    expect(infoOf(clientEvents).cipherSuite).toBe('TLS_AES_128_GCM_SHA256')
  })
})
