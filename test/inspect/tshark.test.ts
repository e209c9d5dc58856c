// The captures, dissected by tshark and by us: the same messages, records, extensions and certificates in the same
// order.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { captureConnections } from '../../src/inspect/capture-entry.ts'
import { leavesOf, traceData } from '../../src/inspect/trace-entry.ts'
import type { Field, TraceData } from '../../src/inspect/trace-entry.ts'
import { run } from '../interop/process.ts'

const folder = new URL('captures/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.pcap'))
  .map((name) => name.slice(0, -5))
const path = (name: string): string => new URL(name, folder).pathname

const fields = [
  'tls.handshake.type',
  'tls.record.content_type',
  'tls.handshake.extension.type',
  'tls.handshake.certificate_length',
  'tls.handshake.ciphersuite',
  'tls.alert_message.desc',
  'tls.handshake.session_ticket_length',
  'tls.handshake.sig_hash_alg',
  'tls.handshake.server_point',
] as const

const dissected = async (name: string): Promise<Record<(typeof fields)[number], string>> => {
  const { code, output } = await run('tshark', [
    '-r',
    path(`${name}.pcap`),
    '-o',
    `tls.keylog_file:${path(`${name}.keys`)}`,
    '-d',
    'tcp.port==1-65535,tls',
    '-T',
    'fields',
    ...fields.flatMap((field) => ['-e', field]),
  ])
  if (code !== 0) throw new Error(output)
  const rows = output
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => line.split('\t'))
  return Object.fromEntries(
    fields.map((field, i) => [
      field,
      rows
        .map((row) => row[i] ?? '')
        .filter((cell) => cell !== '')
        .join(),
    ]),
  ) as never
}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The bytes of each field that `wanted` picks, all messages in order. */
const pick = (
  data: readonly TraceData[],
  wanted: (field: Field, message: string) => boolean,
): readonly { readonly field: Field; readonly bytes: Uint8Array }[] =>
  data
    .flatMap(({ items }) => items)
    .flatMap(({ field, bytes, name }) => {
      const found: { field: Field; bytes: Uint8Array }[] = []
      const walk = (each: Field): void => {
        if (wanted(each, name)) found.push({ field: each, bytes: bytes.subarray(each.start, each.end) })
        each.children.forEach(walk)
      }
      walk(field)
      return found
    })

const values = (data: readonly TraceData[], name: string): string =>
  pick(data, (field) => field.name === name && field.children.length === 0 && field.value !== undefined)
    .map(({ field }) => field.value)
    .join()

const version = await run('tshark', ['--version'])
const present = version.code === 0

describe.runIf(present || process.env.CI === 'true').each(names)('%s', (name) => {
  it('says what tshark says', async () => {
    const theirs = await dissected(name)
    const { connections } = await captureConnections(readFileSync(path(`${name}.pcap`)), {
      keyLog: readFileSync(path(`${name}.keys`), 'utf8'),
      provider: nodeProvider,
    })
    const data = connections.map(({ records, secrets }) => traceData(records, { secrets, provider: nodeProvider }))
    const messages = data.flatMap(({ items }) => items.filter(({ kind }) => kind === 'message'))
    expect(messages.map(({ bytes }) => bytes[0]).join()).toBe(theirs['tls.handshake.type'])
    expect(
      connections
        .flatMap(({ records }) => records.map(({ type }) => type))
        .toSorted((a, b) => a - b)
        .join(),
    ).toBe(
      theirs['tls.record.content_type']
        .split(',')
        .map(Number)
        .toSorted((a, b) => a - b)
        .join(),
    )
    expect(values(data, 'type')).toBe(theirs['tls.handshake.extension.type'])
    const certificates = pick(
      data,
      ({ name: field, start, children }, message) =>
        message === 'Certificate' && field === 'Certificate' && start > 0 && children.length > 0,
    )
    expect(certificates.map(({ bytes }) => bytes.length).join()).toBe(theirs['tls.handshake.certificate_length'])
    const suites = pick(data, ({ name: field, children }) => /^cipherSuites?$/.test(field) && children.length === 0)
    expect(suites.map(({ bytes }) => `0x${toHex(bytes)}`).join()).toBe(theirs['tls.handshake.ciphersuite'])
    const alerts = data.flatMap(({ items }) => items.filter(({ kind }) => kind === 'alert'))
    expect(alerts.map(({ bytes }) => bytes[1]).join()).toBe(theirs['tls.alert_message.desc'])
    const tickets = pick(data, (field, message) => message === 'NewSessionTicket' && field.name === 'ticket')
    expect(
      tickets
        .map(({ field }) => leavesOf(field).at(-1))
        .map((leaf) => leaf && leaf.end - leaf.start)
        .join(),
    ).toBe(theirs['tls.handshake.session_ticket_length'])
    const schemes = pick(
      data,
      ({ name: field, children }) =>
        /^(signature_algorithms(_cert)?|scheme|signatureAlgorithms)$/.test(field) && children.length === 0,
    )
    expect(schemes.map(({ bytes }) => `0x${toHex(bytes)}`).join()).toBe(theirs['tls.handshake.sig_hash_alg'])
    const points = pick(data, (field, message) => message === 'ServerKeyExchange' && field.name === 'point')
    expect(points.map(({ bytes }) => toHex(bytes.subarray(1))).join()).toBe(theirs['tls.handshake.server_point'])
  })
})

it('tshark is here, where nothing may be skipped', () => {
  expect(present || process.env.CI !== 'true').toBe(true)
})
