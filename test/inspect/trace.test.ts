// A live trace as data: the key schedule with its values, TLS 1.2's key exchange opened to its fields, the ladder.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { parseKeyLog } from '../../src/inspect/capture-entry.ts'
import { createTrace, findField, leavesOf } from '../../src/inspect/trace-entry.ts'
import type { TracedSecret } from '../../src/inspect/trace-entry.ts'
import { exportKey, resumptionPsk } from '../../src/keys/schedule13.ts'
import { rotatingTicketKeys } from '../../src/session/index.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { rsa } from '../fixtures/identities.ts'
import { eventsOf, infoOf, meet } from '../fixtures/engines.ts'

const server: TestServerOptions = {
  tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
  earlyData: { maxBytes: 1000, replayGuard: { firstSeen: () => true } },
}

const traced = async (client: TestClientOptions = {}, server: TestServerOptions = {}) => {
  const trace = createTrace('client')
  const met = await meet(
    { trace: trace.record, keyLog: trace.keyLog, provider: trace.watch(nodeProvider), ...client },
    server,
  )
  return { trace, data: trace.data(), ...met }
}

const valueOf = (secrets: readonly TracedSecret[], name: string): Uint8Array => {
  const value = secrets.find((secret) => secret.name === name)?.value
  if (!value) throw new Error(`${name} has no value`)
  return value
}

describe('the key schedule of TLS 1.3', () => {
  it('has every secret, and they are those of the connection', async () => {
    const { trace, data, client } = await traced({}, server)
    const names = [
      'early_secret',
      'handshake_secret',
      'client_handshake_traffic_secret',
      'server_handshake_traffic_secret',
      'main_secret',
      'client_application_traffic_secret_0',
      'server_application_traffic_secret_0',
      'exporter_secret',
      'resumption_secret',
    ]
    for (const name of names) expect(valueOf(data.secrets, name).length).toBe(32)
    const sha256 = nodeProvider.hashes.sha256
    if (!sha256) throw new Error('no SHA-256')
    const exported = exportKey(sha256, valueOf(data.secrets, 'exporter_secret'), 'test', new Uint8Array(0), 32)
    expect(exported).toEqual(client.exportKeyingMaterial(32, 'test', new Uint8Array(0)))
    const psk = data.secrets.find(({ name }) => name === 'resumption PSK')
    expect(psk?.value).toEqual(
      resumptionPsk(sha256, valueOf(data.secrets, 'resumption_secret'), fromHex(psk?.meaning.split(' ').at(-1) ?? '')),
    )
    const handshake = data.secrets.find(({ name }) => name === 'server_handshake_traffic_secret')
    expect(Object.keys(handshake?.keys ?? {})).toEqual(['write_key', 'write_iv', 'finished_key'])
    expect(handshake?.records.length).toBeGreaterThan(0)
    expect(trace.toString()).toContain('resumption_secret')
  })

  it('names binders and early data of a resumption, and the records that early data is in', async () => {
    const first = await meet({}, server)
    const session = eventsOf(first.clientEvents, 'session').at(-1)?.session
    if (!session) throw new Error('no session')
    const { data, clientEvents } = await traced({ session, earlyData: new Uint8Array(10) }, server)
    expect(infoOf(clientEvents).earlyData).toBe('accepted')
    expect(valueOf(data.secrets, 'binder_key').length).toBe(32)
    expect(valueOf(data.secrets, 'early_exporter_secret').length).toBe(32)
    const early = data.secrets.find(({ name }) => name === 'client_early_traffic_secret')
    expect(early?.records.map((record) => data.records[record]?.type)).toEqual([23, 22]) // the data, EndOfEarlyData
    expect(data.items.find(({ name }) => name === 'ClientHello')?.summary).toContain('PSK, early data')
  })

  it('without a watched provider it has what the key log says', async () => {
    const trace = createTrace('client')
    await meet({ trace: trace.record, keyLog: trace.keyLog })
    const { secrets } = trace.data()
    expect(valueOf(secrets, 'client_application_traffic_secret_0').length).toBe(32)
    expect(secrets.find(({ name }) => name === 'main_secret')?.value).toBeUndefined()
  })
})

describe('TLS 1.2', () => {
  const old = { versions: { max: 'TLS 1.2' } } as const

  it('opens ServerKeyExchange and ClientKeyExchange to their fields', async () => {
    const { data } = await traced(old)
    const server = data.items.find(({ name }) => name === 'ServerKeyExchange')
    expect(server?.summary).toMatch(/^(X25519|P-256), ecdsa_secp256r1_sha256$/)
    expect(server && leavesOf(server.field).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['curveType', 'group', 'scheme']),
    )
    expect(server && findField(server.field, 'point')).toBeDefined()
    const client = data.items.find(({ name }) => name === 'ClientKeyExchange')
    expect(client && findField(client.field, 'point')).toBeDefined()
    expect(client && findField(client.field, 'body')).toBeUndefined()
  })

  it('has the master secret of the key log, and keys of both directions', async () => {
    const { trace, data } = await traced(old)
    const [secrets] = [...parseKeyLog(trace.keyLogLines.join('\n')).connections.values()]
    expect(valueOf(data.secrets, 'master_secret')).toEqual(secrets?.get('CLIENT_RANDOM'))
    expect(valueOf(data.secrets, 'pre_master_secret').length).toBeGreaterThanOrEqual(32)
    expect(valueOf(data.secrets, 'client_write_key').length).toBe(16)
    expect(data.secrets.find(({ name }) => name === 'client_write_key')?.records.length).toBeGreaterThan(0)
  })

  it('static RSA: the encrypted premaster secret', async () => {
    const suite = { cipherSuites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] }
    const { data } = await traced({ ...old, ...suite }, { ...rsa, ...suite })
    const client = data.items.find(({ name }) => name === 'ClientKeyExchange')
    expect(client?.summary).toBe('encryptedPreMasterSecret')
  })
})

it('the ladder has one line a message', async () => {
  const { trace, data, clientEvents } = await traced({ serverName: 'server.test' })
  expect(infoOf(clientEvents).version).toBe('TLS 1.3')
  const lines = trace.ladder().split('\n')
  expect(lines.length).toBe(data.items.length)
  expect(lines[0]).toMatch(/^client -> server {2}ClientHello +\d+ bytes {2}server\.test, TLS 1\.3 or TLS 1\.2/)
  expect(lines.some((line) => /^client <- server {2}\{EncryptedExtensions\}/.test(line))).toBe(true)
})

it('toJSON() is the whole trace', async () => {
  const { trace, data } = await traced()
  const json: ReturnType<typeof trace.toJSON> = JSON.parse(JSON.stringify(trace))
  expect(json.messages.length).toBe(data.items.length)
  expect(json.messages[0]?.fields.section).toBe('RFC 9846 section 4.2.2')
  expect(json.version).toBe('TLS 1.3')
})
