// Attacks that cross protocols, roles or the beginning of TLS: ALPACA, Selfie, STARTTLS injection, DROWN, BEAST.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { connect, createServer, pair } from '../../src/index.node.ts'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { cipherSuites } from '../../src/wire/registry.ts'
import { chainVerifier } from '../../src/x509/index.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'
import { records, through } from './wire.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('ALPACA: a connection for one protocol is led to a server of another', () => {
  it.each([
    ['TLS 1.3', { versions: { min: 'TLS 1.3' } }],
    ['TLS 1.2', { versions: { max: 'TLS 1.2' } }],
  ] as const)('a server of another protocol refuses the client, in %s (RFC 7301 section 3.2)', async (_, version) => {
    const { serverEvents, clientEvents } = await meet(
      { ...version, alpn: ['h2', 'http/1.1'] },
      { ...version, alpn: ['ftp'] },
    )
    expect(errorOf(serverEvents)).toMatchObject({ code: 'no_common_protocol', alert: 'no_application_protocol' })
    expect(eventsOf(clientEvents, 'handshake')).toEqual([])
  })

  it('a server may refuse names that it does not serve before it shows a certificate', async () => {
    const { serverEvents, clientEvents } = await meet(
      { serverName: 'www.server.test' },
      { onClientHello: ({ serverName }) => (serverName === 'ftp.server.test' ? undefined : 'reject') },
    )
    expect(errorOf(serverEvents).code).toBe('rejected_by_server')
    expect(eventsOf(clientEvents, 'handshake')).toEqual([])
  })

  it('a certificate for another name on the same machine is refused by the client', async () => {
    const { clientEvents } = await meet({
      serverName: 'www.server.test',
      verifier: chainVerifier({ trust: decodePem(ecdsa.cert).map(({ bytes: der }) => der), provider: nodeProvider }),
    })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'certificate_name_mismatch' })
  })
})

describe('Selfie: a message is reflected to the end that sent it (RFC 9257 section 4.1)', () => {
  const key = new Uint8Array(32).fill(5)
  /** An end that is client and server: it knows the keys by who offers them. */
  const end = (
    own: string,
    other: string,
  ): { readonly client: Partial<ClientOptions>; readonly server: ServerOptions } => ({
    client: { psk: { keys: { identity: `${own} to ${other}`, key } } },
    server: {
      psk: {
        lookup: (identity) => (new TextDecoder().decode(identity) === `${other} to ${own}` ? { key } : undefined),
      },
    },
  })
  const both = { versions: { min: 'TLS 1.3' } } as const

  it('an identity that names both ends in order is not its own mirror image', async () => {
    const [a, b] = [end('a', 'b'), end('b', 'a')]
    const right = await meet({ ...both, ...a.client }, { ...both, ...b.server })
    expect(infoOf(right.clientEvents).pskIdentity).toEqual(bytes('a to b'))
    const verifier = { verify: () => Promise.reject(new Error('no certificate is expected')) }
    const reflected = await meet({ ...both, ...a.client, verifier }, { ...both, ...a.server })
    expect(eventsOf(reflected.clientEvents, 'handshake')).toEqual([])
    expect(errorOf(reflected.clientEvents).code).toBe('verifier_refused')
  })

  it('one identity does for both directions with a context each (RFC 9258 section 3.1)', async () => {
    const text = (given: Uint8Array | undefined): string => new TextDecoder().decode(given)
    const end = (
      own: string,
      other: string,
    ): { readonly client: Partial<ClientOptions>; readonly server: ServerOptions } => ({
      client: { psk: { keys: { identity: 'the group', key, imported: { context: bytes(`${own} to ${other}`) } } } },
      server: {
        psk: {
          lookup: (identity, _hello, imported) =>
            text(identity) === 'the group' && text(imported?.context) === `${other} to ${own}` ? { key } : undefined,
        },
      },
    })
    const [a, b] = [end('a', 'b'), end('b', 'a')]
    const right = await meet({ ...both, ...a.client }, { ...both, ...b.server })
    expect(infoOf(right.serverEvents).resumed).toBe(false)
    const verifier = { verify: () => Promise.reject(new Error('no certificate is expected')) }
    const reflected = await meet({ ...both, ...a.client, verifier }, { ...both, ...a.server })
    expect(errorOf(reflected.clientEvents).code).toBe('verifier_refused')
  })

  it('whatever a server looks up, a key for one identity opens no other', async () => {
    const server: ServerOptions = { ...both, psk: { lookup: () => ({ key: new Uint8Array(32).fill(6) }) } }
    const { serverEvents } = await meet({ ...both, ...end('a', 'b').client }, server)
    expect(errorOf(serverEvents)).toMatchObject({ code: 'bad_binder', alert: 'decrypt_error' })
  })
})

describe('STARTTLS injection (CVE-2011-0411): text before TLS is taken for text inside it', () => {
  it('what was read beyond the last line in the clear is never application data', async () => {
    const [client, server] = pair()
    const accepted = createServer({ ...ecdsa }).accept(server, { head: bytes('RCPT TO:<eve>\r\n') })
    void client.write(bytes(''))
    await expect(accepted).rejects.toMatchObject({ code: 'not_tls' })
  })

  it('what follows the handshake in the clear is refused', async () => {
    const { client, server } = await meet()
    server.receive(bytes('RCPT TO:<eve>\r\n'))
    expect(errorOf(server.takeEvents())).toMatchObject({ code: 'unexpected_message', alert: 'unexpected_message' })
    expect(eventsOf(client.takeEvents(), 'data')).toEqual([])
  })

  it('data between the messages of a handshake is refused', () => {
    const injected = Uint8Array.of(23, 3, 3, 0, 4, 1, 2, 3, 4)
    let first = true
    const { server } = through(clientOf(), serverOf(), (wire, direction) => {
      if (direction === 'to client' || !first) return [wire]
      first = false
      return [injected, wire]
    })
    expect(errorOf(server)).toMatchObject({ code: 'unexpected_message' })
  })

  it('takes over a stream with what belongs to TLS already', async () => {
    const [client, server] = pair()
    const [hello] = records(clientOf({ verifier: anyCertificate }).takeOutput()[0] ?? new Uint8Array())
    const accepted = createServer({ ...ecdsa }).accept(server, {
      head: hello ?? new Uint8Array(),
      handshakeTimeout: 60_000,
    })
    const answer = await client.read()
    expect(answer?.[0]).toBe(22)
    client.abort()
    await expect(accepted).rejects.toBeDefined()
  })
})

describe('DROWN (CVE-2016-0800): a server that still speaks SSL 2.0', () => {
  it('a ClientHello in the format of SSL 2.0 is no TLS (RFC 9846 appendix E.5)', () => {
    const engine = serverOf()
    engine.receive(Uint8Array.of(0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10))
    expect(errorOf(engine.takeEvents()).code).toBe('not_tls')
    expect(engine.takeOutput().map((output) => output[0])).not.toContain(22)
  })

  it('no version below TLS 1.2 is spoken by either end (RFC 8996)', () => {
    const config = { versions: { min: 'TLS 1.1' } }
    expect(() => clientOf(config as never)).toThrow(expect.objectContaining({ code: 'bad_option' }))
    expect(() => serverOf(config as never)).toThrow(expect.objectContaining({ code: 'bad_option' }))
  })
})

describe('BEAST (CVE-2011-3389): the next record begins where the last one ended', () => {
  const suite = 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'
  const cbc = { versions: { max: 'TLS 1.2' }, cipherSuites: [suite] } as const

  it('each CBC record has an IV of its own, which nobody can know before (RFC 5246 section 6.2.3.2)', async () => {
    const hex = (part: Uint8Array | undefined): string => Buffer.from(part ?? []).toString('hex')
    const drawn: string[] = []
    const random = (length: number): Uint8Array => {
      const fresh = nodeProvider.random(length)
      drawn.push(hex(fresh))
      return fresh
    }
    const { client, server, settle } = await meet({ ...cbc, provider: { ...nodeProvider, random } }, cbc)
    const sent: Uint8Array[] = []
    for (let i = 0; i < 4; i++) {
      void client.send(bytes('the same sixteen'))
      const output = client.takeOutput()
      sent.push(...output.flatMap((wire) => records(wire)))
      for (const wire of output) server.receive(wire)
    }
    await settle()
    const firsts = sent.map((wire) => hex(wire.subarray(5, 21)))
    const lasts = sent.map((wire) => hex(wire.subarray(-16)))
    expect(new Set(firsts).size).toBe(4)
    expect(new Set(sent.map((wire) => hex(wire.subarray(21)))).size).toBe(4)
    for (const last of lasts) expect(firsts).not.toContain(last)
    expect(drawn).toEqual(expect.arrayContaining(firsts))
  })

  it('CBC is not offered unless it is asked for', () => {
    const offered = new Set<number>()
    const engine = serverOf({ onClientHello: (hello) => hello.cipherSuites.forEach((id) => offered.add(id)) })
    for (const output of clientOf().takeOutput()) engine.receive(output)
    const names = cipherSuites.filter(({ id }) => offered.has(id)).map(({ name }) => name)
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) expect(name).not.toContain('CBC')
  })
})

it('a handshake through these fixtures works when nobody meddles', async () => {
  const { clientEvents } = await connectEngines(clientOf(), serverOf())
  expect(infoOf(clientEvents).version).toBe('TLS 1.3')
  const [one, other] = pair()
  const server = createServer({ ...ecdsa }).accept(one)
  await (await connect(other, { serverName: 'server.test', verifier: anyCertificate })).close()
  await (await server).close()
})
