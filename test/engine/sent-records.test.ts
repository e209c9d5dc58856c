// RFC 9846 sections 5 and 6: what the records that leave look like, whatever is sent in them. Tests are named after the
// section.

import { describe, expect, it } from 'vitest'
import { alertNumbers } from '../../src/errors.ts'
import type { TracedRecord } from '../../src/options.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { delayedProvider } from '../fixtures/delayed-provider.ts'
import { eventsOf, infoOf, meet } from '../fixtures/engines.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { anyCertificate, rsa } from '../fixtures/identities.ts'
import { misbehaving, tls13 } from '../handshake/misbehaving.ts'

const [changeCipherSpec, alert, handshake, data] = [20, 21, 22, 23]
const clientAuth = { mode: 'request', verifier: anyCertificate } as const

/** Everything that both ends send in a connection with all there is: certificates, key updates, data, both closures. */
const everything = async (client: TestClientOptions = {}, server: TestServerOptions = {}) => {
  const records: { readonly from: string; readonly record: TracedRecord }[] = []
  const trace = (from: string) => (record: TracedRecord) => {
    if (record.direction === 'sent') records.push({ from, record })
  }
  const hello = { postHandshakeAuth: true, ...client.hello }
  const meeting = await meet(
    { ...tls13, ...rsa, ...client, hello, trace: trace('client') },
    { ...tls13, clientAuth, ...server, trace: trace('server') },
  )
  infoOf(meeting.serverEvents)
  for (const [round, engine] of [meeting.client, meeting.server, meeting.client].entries()) {
    await engine.send(new Uint8Array(40_000).fill(round))
    await engine.updateKeys(true)
    await engine.send(Uint8Array.of(round))
    await meeting.settle()
  }
  await meeting.server.requestClientCertificate()
  await meeting.settle()
  expect(eventsOf(meeting.serverEvents, 'clientCertificate')).toHaveLength(1)
  await meeting.client.closeWrite()
  await meeting.server.closeWrite()
  await meeting.settle()
  for (const events of [meeting.clientEvents, meeting.serverEvents]) {
    expect(eventsOf(events, 'error')).toEqual([])
    expect(eventsOf(events, 'end')).toHaveLength(1)
  }
  return records
}

/** Padding of all records, and records as small as they get: long messages in many parts. */
const shapes: readonly [string, TestClientOptions & TestServerOptions][] = [
  ['as they come', {}],
  ['padded', { limits: { padding: () => 1000 } } as never],
  ['small', { limits: { maxRecordSize: 64 } } as never],
  ['sealed later', { provider: delayedProvider(nodeProvider) }],
]

describe.each(shapes)('records, %s', (_, options) => {
  it('are of known types, and protected ones application data of 0x0303 (sections 5 and 5.2)', async () => {
    for (const { record } of await everything(options, options)) {
      expect([changeCipherSpec, alert, handshake, data]).toContain(record.type)
      const { wire } = record
      if (record.encrypted) expect([...wire.subarray(0, 3)]).toEqual([data, 3, 3])
      else expect(wire[0]).toBe(record.type)
      expect(((wire[3] ?? 0) << 8) + (wire[4] ?? 0)).toBe(wire.length - 5)
      expect(record.content.length).toBeLessThanOrEqual(2 ** 14)
      expect(wire.length).toBeLessThanOrEqual(5 + 2 ** 14 + (record.encrypted ? 256 : 0))
      if (record.encrypted) expect(wire.length).toBeLessThanOrEqual(5 + 2 ** 14 + 1 + 16) // content, padding, type; tag
    }
  })
  it('of the application are never in the clear (section 5.1)', async () => {
    const clear = (await everything(options, options)).filter(({ record }) => !record.encrypted)
    expect(new Set(clear.map(({ record }) => record.type))).toEqual(new Set([handshake, changeCipherSpec]))
  })
  it('of messages and alerts are never empty, and an alert is a record by itself (section 5.1)', async () => {
    const records = await everything(options, options)
    for (const { record } of records) if (record.type === handshake) expect(record.content.length).toBeGreaterThan(0)
    const alerts = records.filter(({ record }) => record.type === alert)
    expect(alerts.map(({ from, record }) => [from, ...record.content])).toEqual([
      ['client', 1, alertNumbers.close_notify],
      ['server', 1, alertNumbers.close_notify],
    ])
  })
  it('hold a message with nothing between its parts, and end where keys change (section 5.1)', async () => {
    const records = await everything(options, options)
    for (const end of ['client', 'server']) {
      let rest: number[] = []
      let encrypted = false
      for (const { from, record } of records.filter((one) => one.from === end)) {
        // a message that has begun goes on in the next record, under the same keys
        if (rest.length > 0) expect([from, record.type, record.encrypted]).toEqual([end, handshake, encrypted])
        encrypted = record.encrypted
        if (record.type !== handshake) continue
        rest.push(...record.content)
        for (;;) {
          const length = 4 + ((rest[1] ?? 0) << 16) + ((rest[2] ?? 0) << 8) + (rest[3] ?? 0)
          if (rest.length < 4 || rest.length < length) break
          const [type = 0] = rest
          rest = rest.slice(length)
          // ServerHello, EndOfEarlyData, Finished and KeyUpdate are the last under their keys (section 5.1)
          if ([2, 5, 20, 24].includes(type)) expect([type, rest]).toEqual([type, []])
        }
      }
      expect(rest).toEqual([])
    }
  })
})

describe('alerts', () => {
  it('of errors are fatal, and nothing follows them (sections 6 and 6.2)', async () => {
    const records: TracedRecord[] = []
    const trace = (record: TracedRecord) => void (record.direction === 'sent' && records.push(record))
    const seam = misbehaving({ Finished: (fields) => ({ ...fields, verifyData: new Uint8Array(32) }) })
    const { client, clientEvents } = await meet({ ...tls13, trace }, { ...tls13, seam })
    expect(eventsOf(clientEvents, 'error')[0]?.error.alert).toBe('decrypt_error')
    expect(records.filter(({ type }) => type === alert).map(({ content }) => [...content])).toEqual([
      [2, alertNumbers.decrypt_error],
    ])
    expect(records.at(-1)?.type).toBe(alert)
    expect(() => client.send(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'bad_finished' }))
    void client.closeWrite()
    expect(client.takeOutput()).toEqual([])
  })
})
