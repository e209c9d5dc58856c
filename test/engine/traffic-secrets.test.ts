// dangerousTrafficSecrets(): whoever has them goes on with the connection. Records are opened and sealed here with
// node:crypto alone, by RFC 9846 section 5.2 and 5.3, RFC 5246 section 6.2.3, RFC 5288, RFC 7905 and RFC 7366.

import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { CipherGCMTypes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import type { DirectionSecrets, TlsEngine, TrafficSecrets } from '../../src/engine/every.ts'
import { connect, createServer, pair } from '../../src/index.node.ts'
import { concat } from '../../src/wire/bytes.ts'
import { TlsError } from '../../src/errors.ts'
import { eventsOf, meet } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

const exposed = { dangerouslyExposeTrafficSecrets: true } as const
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const u16 = (value: number): Uint8Array => bytes(value >> 8, value & 255)

/** 8 bytes, big-endian. */
const sequenceBytes = ({ sequenceNumber }: DirectionSecrets): Uint8Array => {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, BigInt(sequenceNumber))
  return out
}
const xored = (iv: Uint8Array, sequence: Uint8Array): Uint8Array =>
  iv.map((byte, index) => byte ^ (index < 4 ? 0 : (sequence[index - 4] ?? 0)))

const aeadOf = ({ cipherSuite }: TrafficSecrets) => {
  if (cipherSuite.includes('CHACHA20')) return { name: 'chacha20-poly1305' as CipherGCMTypes, implicit: true }
  return { name: (cipherSuite.includes('AES_256') ? 'aes-256-gcm' : 'aes-128-gcm') as CipherGCMTypes, implicit: false }
}
const decipher = (name: CipherGCMTypes, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array) => {
  const cipher = createDecipheriv(name, key, nonce)
  cipher.setAAD(aad)
  cipher.setAuthTag(sealed.subarray(-16))
  return new Uint8Array(Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]))
}
const encipher = (name: CipherGCMTypes, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array) => {
  const cipher = createCipheriv(name, key, nonce)
  cipher.setAAD(aad)
  return new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]))
}

/** The application data in one record. */
const open = (secrets: TrafficSecrets, record: Uint8Array): Uint8Array => {
  const { key, iv, macKey } = secrets.read
  const sequence = sequenceBytes(secrets.read)
  const [header, fragment] = [record.subarray(0, 5), record.subarray(5)]
  const { name, implicit } = aeadOf(secrets)
  if (secrets.version === 'TLS 1.3') {
    const inner = decipher(name, key, xored(iv, sequence), header, fragment)
    expect(inner.at(-1)).toBe(23)
    return inner.subarray(0, -1)
  }
  const prefix = concat(sequence, header.subarray(0, 3))
  if (secrets.cipherSuite.includes('CBC')) {
    expect(secrets.encryptThenMac).toBe(true)
    const sealed = fragment.subarray(0, -32)
    const mac = createHmac('sha256', macKey)
      .update(concat(prefix, u16(sealed.length), sealed))
      .digest()
    expect(new Uint8Array(mac)).toEqual(fragment.slice(-32))
    // its padding is that of TLS but for the length
    const cipher = createDecipheriv('aes-128-cbc', key, sealed.subarray(0, 16))
    cipher.setAutoPadding(false)
    const plain = Buffer.concat([cipher.update(sealed.subarray(16)), cipher.final()])
    return new Uint8Array(plain.subarray(0, plain.length - (plain.at(-1) ?? 0) - 1))
  }
  const explicit = implicit ? 0 : 8
  const nonce = implicit ? xored(iv, sequence) : concat(iv, fragment.subarray(0, 8))
  const aad = concat(prefix, u16(fragment.length - explicit - 16))
  return decipher(name, key, nonce, aad, fragment.subarray(explicit))
}

/** One record with application data, as the owner of these secrets would seal it. */
const seal = (secrets: TrafficSecrets, data: Uint8Array): Uint8Array => {
  const { key, iv } = secrets.write
  const sequence = sequenceBytes(secrets.write)
  const { name, implicit } = aeadOf(secrets)
  if (secrets.version === 'TLS 1.3') {
    const header = concat(bytes(23, 3, 3), u16(data.length + 17))
    return concat(header, encipher(name, key, xored(iv, sequence), header, concat(data, bytes(23))))
  }
  const aad = concat(sequence, bytes(23, 3, 3), u16(data.length))
  const nonce = implicit ? xored(iv, sequence) : concat(iv, sequence)
  const sealed = concat(implicit ? bytes() : sequence, encipher(name, key, nonce, aad, data))
  return concat(bytes(23, 3, 3), u16(sealed.length), sealed)
}

const hello = new TextEncoder().encode('hello')
const lastRecord = (engine: TlsEngine): Uint8Array => concat(...engine.takeOutput())

describe.each([
  ['TLS_AES_128_GCM_SHA256'],
  ['TLS_AES_256_GCM_SHA384'],
  ['TLS_CHACHA20_POLY1305_SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
])('%s', (suite) => {
  const options = { cipherSuites: [suite], ...exposed }

  it.each([
    ['client', 0],
    ['client', 3],
    ['server', 0],
    ['server', 3],
  ] as const)('opens what the peer of a %s seals, and seals for it, after %d records', async (role, rounds) => {
    const meeting = await meet(options, options)
    const { client, server, settle } = meeting
    for (let round = 0; round < rounds; round++) {
      void client.send(hello)
      void server.send(hello)
      await settle()
    }
    const [here, there] = role === 'client' ? [client, server] : [server, client]
    const secrets = here.dangerousTrafficSecrets()
    const theirs = there.dangerousTrafficSecrets()
    expect(secrets.cipherSuite).toBe(suite)
    expect(secrets.read).toEqual(theirs.write)
    expect(secrets.write).toEqual(theirs.read)
    void there.send(hello)
    expect(open(secrets, lastRecord(there))).toEqual(hello)
    there.receive(seal(secrets, bytes(1, 2, 3)))
    await settle()
    const events = role === 'client' ? meeting.serverEvents : meeting.clientEvents
    expect(eventsOf(events, 'data').at(-1)?.data).toEqual(bytes(1, 2, 3))
  })
})

it('TLS 1.2 with CBC: the MAC key, and no IV', async () => {
  const options = { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'], ...exposed }
  const { client, server } = await meet(options, options)
  const secrets = client.dangerousTrafficSecrets()
  expect([secrets.read.iv.length, secrets.read.macKey.length]).toEqual([0, 32])
  void server.send(hello)
  expect(open(secrets, lastRecord(server))).toEqual(hello)
})

it('a traffic secret of TLS 1.3 makes its key (RFC 9846 section 7.3), and moves on with a KeyUpdate', async () => {
  const options = { versions: { min: 'TLS 1.3' }, cipherSuites: ['TLS_AES_128_GCM_SHA256'], ...exposed } as const
  const { client, server, settle } = await meet(options, options)
  const before = client.dangerousTrafficSecrets()
  expect(before.write.secret).toHaveLength(32)
  const label = new TextEncoder().encode('tls13 key')
  const info = concat(u16(16), bytes(label.length), label, bytes(0))
  const expanded = createHmac('sha256', before.write.secret ?? bytes())
    .update(info)
    .update(bytes(1))
    .digest()
  expect(new Uint8Array(expanded.subarray(0, 16))).toEqual(before.write.key)
  void client.updateKeys()
  await settle()
  const after = client.dangerousTrafficSecrets()
  expect(after.write.secret).not.toEqual(before.write.secret)
  expect(after.write.sequenceNumber).toBe(0)
  expect(after.read).toEqual(before.read)
  expect(server.dangerousTrafficSecrets().read).toEqual(after.write)
})

it('with an asynchronous provider nothing is given out while keys change', async () => {
  const options = { versions: { min: 'TLS 1.3' }, provider: webcryptoProvider, ...exposed } as const
  const { client, server, settle } = await meet(options, options)
  const changing = client.updateKeys()
  expect(() => client.dangerousTrafficSecrets()).toThrow(expect.objectContaining({ code: 'wrong_state' }))
  await changing
  await settle()
  expect(server.dangerousTrafficSecrets().read).toEqual(client.dangerousTrafficSecrets().write)
})

describe('nothing is given out', () => {
  const refusal = expect.objectContaining({ code: 'wrong_state' })
  it.each(['TLS 1.3', 'TLS 1.2'] as const)('without the option, %s', async (version) => {
    const { client, server } = await meet({ versions: { min: version, max: version } })
    expect(() => client.dangerousTrafficSecrets()).toThrow(refusal)
    expect(() => server.dangerousTrafficSecrets()).toThrow(refusal)
  })
  it('after a failure', async () => {
    const { client } = await meet(exposed, exposed)
    client.abort()
    expect(() => client.dangerousTrafficSecrets()).toThrow(expect.objectContaining({ code: 'aborted' }))
  })
  it('in copies: what a caller does to them changes nothing', async () => {
    const { client } = await meet(exposed, exposed)
    const first = client.dangerousTrafficSecrets()
    const { key, iv } = client.dangerousTrafficSecrets().write
    key.fill(0)
    iv.fill(0)
    expect(client.dangerousTrafficSecrets()).toEqual(first)
  })
})

it('a TlsConnection gives them', async () => {
  const [near, far] = pair()
  const accepted = createServer({ ...ecdsa, ...exposed }).accept(far)
  const client = await connect(near, { serverName: 'server.test', verifier: anyCertificate, ...exposed })
  const server = await accepted
  await client.write(hello)
  expect(await server.read()).toEqual(hello)
  expect(server.dangerousTrafficSecrets().read).toEqual(client.dangerousTrafficSecrets().write)
  await Promise.all([client.close(), server.close()])
})

it('nothing is given out once the connection has failed (RFC 9846 section 6)', async () => {
  const options = { versions: { min: 'TLS 1.3' }, ...exposed } as const
  const { client, server } = await meet(options, options)
  expect(client.dangerousTrafficSecrets().write.key.length).toBeGreaterThan(0)
  const failed = new TlsError('aborted', 'enough')
  for (const engine of [client, server]) {
    engine.abort(failed)
    expect(() => engine.dangerousTrafficSecrets()).toThrow(failed)
  }
})
