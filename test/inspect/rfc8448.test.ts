// The flights of RFC 8448, described: every byte of every record, message and certificate has one name, and the names
// nest.

import { describe, expect, it } from 'vitest'
import { annotateMessage, leavesOf, messageFields, traceData } from '../../src/inspect/trace-entry.ts'
import type { Field, SeenRecord } from '../../src/inspect/trace-entry.ts'
import { recordFields } from '../../src/inspect/trace-data.ts'
import { splitMessages } from '../../src/inspect/seen.ts'
import { TLS13 } from '../../src/wire/registry.ts'
import { recordsOf, traceSection } from '../replay/trace.ts'

const types: Readonly<Record<string, number>> = {
  handshake: 22,
  change_cipher_spec: 20,
  alert: 21,
  application_data: 23,
}

/** The records of a section with what they carry. */
const seenOf = (section: number): readonly SeenRecord[] =>
  recordsOf(traceSection(section)).map(({ actor, kind, payload, record }) => ({
    sender: actor,
    type: types[kind] ?? 0,
    encrypted: record[0] === 23,
    opened: true,
    wire: record,
    content: payload,
  }))

/** Leaves begin where the one before ended; a field is as long as what is inside it. */
const expectCover = (field: Field, length: number): void => {
  const leaves = leavesOf(field).filter(({ start, end }) => end > start)
  expect(leaves.map(({ start }) => start)).toEqual([0, ...leaves.slice(0, -1).map(({ end }) => end)])
  expect(leaves.at(-1)?.end).toBe(length)
  const nests = ({ start, end, children }: Field): boolean =>
    children.every((child) => child.start >= start && child.end <= end && nests(child)) &&
    (children.length === 0 || (children[0]?.start === start && children.at(-1)?.end === end))
  expect(nests(field)).toBe(true)
}

describe.each([3, 4, 5, 6, 7])('RFC 8448 section %d', (section) => {
  const records = seenOf(section)

  it('names each byte of each record once', () => {
    expect(records.length).toBeGreaterThan(5)
    for (const record of records) {
      const fields = recordFields(record)
      const inside = record.encrypted ? [] : [record.content.length]
      expect([...fields.map(({ start, end }) => end - start), ...inside].reduce((sum, length) => sum + length, 0)).toBe(
        record.wire.length,
      )
    }
  })

  it('names each byte of each message once, certificates to their fields', () => {
    const waiting: Record<string, Uint8Array> = {}
    let messages = 0
    for (const { sender, type, content } of records) {
      if (type !== 22) continue
      const split = splitMessages(Buffer.concat([waiting[sender] ?? new Uint8Array(0), content]))
      waiting[sender] = split.rest
      for (const raw of split.messages) {
        messages++
        const field = messageFields(raw, { version: TLS13 })
        expectCover(field, raw.length)
        const labels = leavesOf(field).map(({ name }) => name)
        expect(labels.filter((name) => /malformed|rest|not DER|^body/.test(name))).toEqual([])
        const runs = annotateMessage(raw, TLS13).filter(({ start, end }) => end > start)
        expect(runs.map(({ start }) => start)).toEqual([0, ...runs.slice(0, -1).map(({ end }) => end)])
        if (field.name === 'Certificate') expect(labels.length).toBeGreaterThan(40)
      }
    }
    expect(messages).toBeGreaterThan(5)
    expect(Object.values(waiting).every((rest) => rest.length === 0)).toBe(true)
  })

  it('is told on a line for each message', () => {
    const { items, version, cipherSuite } = traceData(records)
    expect(version).toBe('TLS 1.3')
    expect(cipherSuite).toBe('TLS_AES_128_GCM_SHA256')
    expect(
      items.every(({ kind, summary, name }) => kind !== 'message' || summary !== '' || name === 'ChangeCipherSpec'),
    ).toBe(true)
    expect(items.filter(({ name }) => name === 'Finished').length).toBe(2)
  })
})

it('which key seals which record, in order', () => {
  const { secrets } = traceData(seenOf(4))
  const protects = Object.fromEntries(
    secrets.filter(({ records }) => records.length > 0).map(({ name, records }) => [name, records.length]),
  )
  expect(protects).toEqual({
    client_early_traffic_secret: 2,
    client_handshake_traffic_secret: 1,
    server_handshake_traffic_secret: 1,
    client_application_traffic_secret_0: 2,
    server_application_traffic_secret_0: 2,
  })
})
