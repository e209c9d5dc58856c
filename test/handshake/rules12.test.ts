// Rules of TLS 1.2 about what an end says, looked at in what it sent; named by their sections.

import { describe, expect, it } from 'vitest'
import { connectWith } from '../../src/connect.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { ClientHelloOptions } from '../../src/options.ts'
import { createServerWith } from '../../src/server.ts'
import { pair } from '../../src/stream/pair.ts'
import { concat } from '../../src/wire/bytes.ts'
import { encodeMessage, messages12 } from '../../src/wire/messages.ts'
import type { ClientHello } from '../../src/wire/messages.ts'
import { misbehaving, record, renegotiatingServer, through } from '../attacks/wire.ts'
import { clientOf, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, rsa } from '../fixtures/identities.ts'

const tls12 = { versions: { max: 'TLS 1.2' } } as const
const [maxFragmentLength, encryptThenMac, extendedMasterSecret, recordSizeLimit] = [1, 22, 23, 28]
const [scsv, renegotiationInfo] = [0x00ff, 0xff01]

interface Extension {
  readonly type: number
  readonly data: Uint8Array
}

/** Options of a client that keeps its hellos in `seen`. */
const kept = (seen: ClientHello[], options: TestClientOptions = {}): TestClientOptions => ({
  ...tls12,
  ...options,
  hello: { shape: (hello) => (seen.push(hello), hello) },
})
const extensionOf = (hello: ClientHello | undefined, type: number): readonly number[] | undefined => {
  const found = hello?.extensions?.find((extension) => extension.type === type)
  return found && [...found.data]
}

/** A message that goes out in two parts, with something else sent between them: it is gone through twice, the first
 * time for the transcript. */
const inHalves = (raw: Uint8Array, between: () => void): readonly Uint8Array[] => {
  const halves = [raw.subarray(0, 100), raw.subarray(100)]
  let times = 0
  return Object.assign([...halves], {
    *[Symbol.iterator]() {
      times++
      for (const half of halves) {
        if (half !== halves[0] && times === 2) between()
        yield half
      }
    },
  })
}

/** The types of the extensions that a server answers with. */
const answered = async (client: TestClientOptions, server: TestServerOptions = {}) => {
  const types: number[] = []
  const seam = {
    outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) => {
      if (type === 'ServerHello')
        types.push(...(fields as { extensions: readonly Extension[] }).extensions.map((each) => each.type))
      return fields
    },
  }
  const meeting = await meet({ ...tls12, ...client }, { ...tls12, ...server, seam })
  return { types, info: infoOf(meeting.clientEvents) }
}

describe('record_size_limit (RFC 8449)', () => {
  it.each([
    [tls12, [64, 0]],
    [{}, [64, 1]],
  ] as const)('section 4: a client says no more than its version has: %o', (versions, expected) => {
    const seen: ClientHello[] = []
    clientOf({ ...kept(seen), versions: {}, ...versions, limits: { recordSizeLimit: 16385 } })
    expect(extensionOf(seen[0], recordSizeLimit)).toEqual(expected)
  })

  it.each([tls12, {}])('section 4: records have 2^14 bytes at most, whatever the peer takes: %o', async (versions) => {
    const shape: ClientHelloOptions['shape'] = (hello) => ({
      ...hello,
      extensions: [...(hello.extensions ?? []), { type: recordSizeLimit, data: Uint8Array.of(0xff, 0xff) }],
    })
    const meeting = await meet({ ...versions, hello: { shape } }, versions)
    void meeting.server.send(new Uint8Array(20_000))
    await meeting.settle()
    expect(eventsOf(meeting.clientEvents, 'data').map(({ data }) => data.length)).toEqual([16384, 3616])
  })

  it('section 4: a server says no more than its version has', async () => {
    const values: (readonly number[])[] = []
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) => {
        if (type === 'ServerHello') values.push(extensionOf(fields as ClientHello, recordSizeLimit) ?? [])
        return fields
      },
    }
    const limits = { recordSizeLimit: 16385 }
    await meet({ ...tls12, limits: { recordSizeLimit: 500 } }, { limits, seam })
    expect(values).toEqual([[64, 0]])
  })

  it('section 4: no value under 64 is sent', () => {
    expect(() => clientOf({ ...tls12, limits: { recordSizeLimit: 63 } })).toThrow(/recordSizeLimit/)
  })

  it('section 4.1: CBC padding is as short as it can be', async () => {
    const lengths: number[] = []
    const trace: TestClientOptions['trace'] = ({ direction, type, wire }) => {
      if (direction === 'sent' && type === 23) lengths.push(wire.length)
    }
    const cbc = { ...tls12, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] as const }
    const meeting = await meet({ ...cbc, trace }, cbc)
    for (const length of [15, 16, 17]) void meeting.client.send(new Uint8Array(length))
    await meeting.settle()
    // header, IV, blocks with one byte of padding at least, MAC behind them
    expect(lengths).toEqual([5 + 16 + 16 + 20, 5 + 16 + 32 + 20, 5 + 16 + 32 + 20])
  })

  it('section 5: a server ignores max_fragment_length beside it', async () => {
    const { types } = await answered({ limits: { recordSizeLimit: 500 }, tls12: { maxFragmentLength: 512 } })
    expect(types).toContain(recordSizeLimit)
    expect(types).not.toContain(maxFragmentLength)
  })
})

describe('renegotiation_info (RFC 5746)', () => {
  it('section 3.5: a renegotiation has the verify_data of the client, and no SCSV', () => {
    const seen: ClientHello[] = []
    const server = renegotiatingServer(ecdsa)
    through(clientOf(kept(seen, { tls12: { renegotiation: 'once' } })), server, (wire) => [wire])
    expect(server.renegotiated).toBe(1)
    expect(extensionOf(seen[0], renegotiationInfo)).toEqual([0])
    expect(extensionOf(seen[1], renegotiationInfo)).toHaveLength(13)
    expect(seen.flatMap(({ cipherSuites }) => cipherSuites)).not.toContain(scsv)
  })

  it('section 3.6: the SCSV alone is answered with an empty one', async () => {
    const shape: ClientHelloOptions['shape'] = (hello) => ({
      ...hello,
      cipherSuites: [...hello.cipherSuites, scsv],
      extensions: hello.extensions?.filter(({ type }) => type !== renegotiationInfo),
    })
    const { types, info } = await answered({ hello: { shape } })
    expect(types).toContain(renegotiationInfo)
    expect(info.secureRenegotiation).toBe(true)
  })
})

describe('extended_master_secret (RFC 7627)', () => {
  it('section 5.2 and 5.3: it is in each ClientHello, full or abbreviated', async () => {
    const seen: ClientHello[] = []
    const server = {
      ...tls12,
      tickets: { protector: { seal: (state: Uint8Array) => state, open: (t: Uint8Array) => t } },
    }
    const first = await meet(kept(seen), server)
    const session = eventsOf(first.clientEvents, 'session').at(-1)?.session
    const second = await meet(kept(seen, session && { session }), server)
    expect(infoOf(second.clientEvents).resumed).toBe(true)
    expect(seen.map((hello) => extensionOf(hello, extendedMasterSecret))).toEqual([[], []])
  })

  it('section 5.2: a server answers it, and only if it was asked', async () => {
    const shape: ClientHelloOptions['shape'] = (hello) => ({
      ...hello,
      extensions: hello.extensions?.filter(({ type }) => type !== extendedMasterSecret),
    })
    expect((await answered({})).types).toContain(extendedMasterSecret)
    expect((await answered({ hello: { shape } })).types).not.toContain(extendedMasterSecret)
  })
})

describe('encrypt_then_mac (RFC 7366)', () => {
  it('section 2: the extension is empty', () => {
    const seen: ClientHello[] = []
    clientOf(kept(seen, { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'] })).takeOutput()
    expect(extensionOf(seen[0], encryptThenMac)).toEqual([])
  })

  it('section 3: a server does not answer it with an AEAD suite', async () => {
    const [cbc, gcm] = ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] as const
    const client = { cipherSuites: [gcm, cbc] }
    expect((await answered(client, { cipherSuites: [gcm] })).types).not.toContain(encryptThenMac)
    expect((await answered(client, { cipherSuites: [cbc] })).types).toContain(encryptThenMac)
  })
})

describe('hellos (RFC 5246)', () => {
  it('section 7.4.1.2: null compression is offered, alone', () => {
    const seen: ClientHello[] = []
    clientOf(kept(seen))
    expect(seen.map(({ compressionMethods }) => [...compressionMethods])).toEqual([[0]])
  })

  it('section 7.4.1.2 and 7.4.1.3: randoms and session IDs say nothing, and are never the same', async () => {
    const said: { readonly random: Uint8Array; readonly sessionId: Uint8Array }[] = []
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) => {
        if (type === 'ServerHello') said.push(fields as (typeof said)[number])
        return fields
      },
    }
    const sessions = { get: () => undefined, set: () => {} }
    const seen: ClientHello[] = []
    for (let i = 0; i < 2; i++)
      infoOf((await meet(kept(seen), { ...tls12, sessions, tickets: false, seam })).clientEvents)
    const values = [...said.map(({ random }) => random), ...said.map(({ sessionId }) => sessionId), seen[0]?.random]
    expect(values.map((value) => value?.length)).toEqual([32, 32, 32, 32, 32])
    expect(new Set(values.map(String)).size).toBe(5)
  })

  it('section 7.4.1.4.1: a server does not send signature_algorithms', async () => {
    expect((await answered({})).types).not.toContain(13)
  })

  it('section 7.4.1.2: a ClientHello without extensions is taken, and its ServerHello has none', async () => {
    const shape: ClientHelloOptions['shape'] = (hello) => ({ ...hello, extensions: undefined })
    const hellos: object[] = []
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) => {
        if (type === 'ServerHello') hellos.push(fields)
        return fields
      },
    }
    const legacy = { ...tls12, tls12: { legacy: true } }
    infoOf((await meet({ ...legacy, hello: { shape } }, { ...legacy, seam })).clientEvents)
    expect(hellos).toEqual([expect.objectContaining({ extensions: undefined })])
  })

  it('section 7.4.1.2: bytes behind a ClientHello are decode_error', () => {
    const hello = concat(...clientOf(tls12).takeOutput()).slice(5)
    const message = concat(hello, Uint8Array.of(0))
    const length = message.length - 4
    message.set([length >> 16, (length >> 8) & 0xff, length & 0xff], 1)
    const server = serverOf(tls12)
    server.receive(record(22, message))
    expect(errorOf(server.takeEvents())).toMatchObject({ code: 'decode_error', alert: 'decode_error' })
  })

  it('section 7.2.2: an error is told by its alert, on the level fatal', () => {
    const changes = { ClientHello: (fields: object) => ({ ...fields, compressionMethods: Uint8Array.of(1) }) }
    const told: Uint8Array[] = []
    through(clientOf({ ...tls12, seam: misbehaving(changes) }), serverOf(tls12), (wire, direction) => {
      if (direction === 'to client') told.push(wire)
      return [wire]
    })
    expect(told.map((wire) => [wire[0], ...wire.subarray(5)])).toEqual([[21, 2, 47]])
  })

  it('section 7.4.1.4.1: without signature_algorithms SHA-1 is meant', async () => {
    const shape: ClientHelloOptions['shape'] = (hello) => ({
      ...hello,
      extensions: hello.extensions?.filter(({ type }) => type !== 13),
    })
    const client = { ...tls12, tls12: { legacy: true }, hello: { shape } }
    expect(infoOf((await meet(client, { ...tls12, tls12: { legacy: true } })).clientEvents).signatureScheme).toBe(
      'ecdsa_sha1',
    )
    expect(errorOf((await meet(client, tls12)).serverEvents).code).toBe('no_common_signature_scheme')
  })

  it('appendix E.1: a newer version is answered with TLS 1.2', () => {
    const message = concat(...clientOf(tls12).takeOutput()).slice(5)
    message.set([3, 9], 4)
    const server = serverOf(tls12)
    server.receive(record(22, message))
    const answer = concat(...server.takeOutput())
    expect([...answer.subarray(5, 6), ...answer.subarray(9, 11)]).toEqual([2, 3, 3])
  })
})

describe('alerts (RFC 5246)', () => {
  const half = (halfClose: boolean) => meet(tls12, { ...tls12, tls12: { halfClose } })

  it('section 7.2.1: by option a close_notify is answered at once, and what waits rejects', async () => {
    const { client, server, clientEvents, settle } = await half(false)
    void client.closeWrite()
    await settle()
    expect([eventsOf(clientEvents, 'end').length, client.closed, server.closed]).toEqual([1, true, true])
    expect(() => server.send(Uint8Array.of(1))).toThrowError(/closed/)
  })

  it('section 7.2.1: otherwise it ends one direction, as in TLS 1.3', async () => {
    const { client, server, clientEvents, settle } = await half(true)
    void client.closeWrite()
    await settle()
    void server.send(Uint8Array.of(1))
    await settle()
    expect(eventsOf(clientEvents, 'data').map(({ data }) => [...data])).toEqual([[1]])
  })

  it('section 7.2.1: a connection that is ended so rejects its writes, and lets go of its stream', async () => {
    const [near, far] = pair()
    const server = createServerWith({ provider: nodeProvider })({ ...ecdsa, tls12: { halfClose: false } })
    const accepted = server.accept(far)
    const client = await connectWith({ provider: nodeProvider })(near, {
      ...tls12,
      serverName: 'server.test',
      verifier: anyCertificate,
    })
    const connection = await accepted
    await client.closeWrite()
    expect(await client.read()).toBe(null)
    expect(await connection.read()).toBe(null)
    await expect(connection.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'wrong_state' })
    expect(await Promise.all([connection.closed, client.closed])).toEqual([undefined, undefined])
  })
})

describe('records (RFC 5246)', () => {
  it('section 6 and 6.2.1: no record is empty, or of a type that is not defined', async () => {
    const sent: (readonly [number, number])[] = []
    const trace: TestClientOptions['trace'] = ({ direction, type, content }) => {
      if (direction === 'sent') sent.push([type, content.length])
    }
    const meeting = await meet({ ...tls12, trace }, { ...tls12, trace })
    void meeting.client.send(Uint8Array.of(1))
    void meeting.client.closeWrite()
    await meeting.settle()
    expect(new Set(sent.map(([type]) => type))).toEqual(new Set([20, 21, 22, 23]))
    expect(sent.every(([, length]) => length > 0)).toBe(true)
  })

  it('section 6.2.1: application data is taken during a renegotiation', () => {
    const server = renegotiatingServer(ecdsa)
    let hellos = 0
    const client = clientOf({
      ...tls12,
      tls12: { renegotiation: 'once' },
      hello: { shape: (hello) => (hellos++, hello) },
    })
    let sent = false
    const events = through(client, server, (wire, direction) => {
      if (direction === 'to server' && hellos === 2 && !sent) {
        sent = true // before the server has read the second ClientHello
        void server.send(Uint8Array.of(7))
      }
      return [wire]
    })
    expect([sent, server.renegotiated]).toEqual([true, 1])
    expect(eventsOf(events.client, 'error')).toEqual([])
    expect(eventsOf(events.client, 'data').map(({ data }) => [...data])).toEqual([[7]])
  })

  it('section 6.2.1: application data is taken inside a message of a renegotiation', () => {
    const server = renegotiatingServer(ecdsa, {
      changes: {
        Certificate: (fields: { readonly chain: readonly Uint8Array[] }) => {
          const raw = encodeMessage(messages12, 'Certificate', fields)
          return inHalves(raw, () => void server.send(Uint8Array.of(7)))
        },
      },
    })
    const client = clientOf({ ...tls12, tls12: { renegotiation: 'once' } })
    const types: number[] = []
    const events = through(client, server, (wire, direction) => {
      if (direction === 'to client') types.push(wire[0] ?? 0)
      return [wire]
    })
    expect(types.join(' ')).toContain('22 23 22')
    expect(eventsOf(events.client, 'error')).toEqual([])
    expect(eventsOf(events.client, 'data').map(({ data }) => [...data])).toEqual([[7]])
    expect(server.renegotiated).toBe(1)
  })

  it('section 6.2.1: application data is not taken inside a HelloRequest, which begins no handshake', async () => {
    const seam = misbehaving({
      Finished: (fields: { readonly verifyData: Uint8Array }) => [
        encodeMessage(messages12, 'Finished', fields),
        Uint8Array.of(0),
      ],
    })
    const meeting = await meet(tls12, { ...tls12, seam })
    infoOf(meeting.clientEvents)
    void meeting.server.send(Uint8Array.of(7))
    await meeting.settle()
    expect(eventsOf(meeting.clientEvents, 'data')).toEqual([])
    expect(errorOf(meeting.clientEvents)).toMatchObject({ code: 'unexpected_message', alert: 'unexpected_message' })
  })

  it('section 7.4.9: application data between ChangeCipherSpec and Finished is refused in a renegotiation too', () => {
    const server = renegotiatingServer(ecdsa, {
      changes: {
        Finished: (fields: object) => {
          void server.send(Uint8Array.of(7))
          return fields
        },
      },
    })
    const client = clientOf({ ...tls12, tls12: { renegotiation: 'once' } })
    const events = through(client, server, (wire) => [wire])
    expect(eventsOf(events.client, 'data')).toEqual([])
    expect(errorOf(events.client)).toMatchObject({ code: 'unexpected_message', alert: 'unexpected_message' })
  })

  it('section 6.2.3: a ciphertext of more than 2^14 + 2048 bytes is record_overflow', async () => {
    const { client, clientEvents } = await meet(tls12, tls12)
    infoOf(clientEvents)
    client.receive(Uint8Array.of(23, 3, 3, (16384 + 2049) >> 8, (16384 + 2049) & 0xff))
    expect(errorOf(client.takeEvents())).toMatchObject({ code: 'record_overflow', alert: 'record_overflow' })
  })

  it('section 6.2.3: one of 2^14 + 2048 bytes is waited for', async () => {
    const { client, clientEvents } = await meet(tls12, tls12)
    infoOf(clientEvents)
    client.receive(Uint8Array.of(23, 3, 3, (16384 + 2048) >> 8, (16384 + 2048) & 0xff))
    expect(eventsOf(client.takeEvents(), 'error')).toEqual([])
    client.receive(new Uint8Array(16384 + 2048))
    expect(errorOf(client.takeEvents())).toMatchObject({ code: 'bad_record_mac' })
  })

  it('section 9: TLS_RSA_WITH_AES_128_CBC_SHA is 0x002f', async () => {
    const seen: ClientHello[] = []
    const cipherSuites = ['TLS_RSA_WITH_AES_128_CBC_SHA'] as const
    const { clientEvents } = await meet(kept(seen, { cipherSuites }), { ...tls12, cipherSuites, identity: rsa })
    expect(infoOf(clientEvents).cipherSuite).toBe(cipherSuites[0])
    expect(seen.map((hello) => hello.cipherSuites[0])).toEqual([0x002f])
  })

  it('appendix E.1: a first ClientHello may come in a record of any version 3.x', () => {
    let first = true
    const events = through(clientOf(tls12), serverOf(tls12), (wire, direction) => {
      if (direction === 'to client' || !first) return [wire]
      first = false
      return [wire.with(2, 9)]
    })
    infoOf(events.client)
  })
})
