// readClientHello(): a proxy that routes by server name and passes the bytes on, and every kind of stream.

import { once } from 'node:events'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { parseHexdump } from '../../src/inspect/capture-entry.ts'
import { parseClientHello, readClientHello } from '../../src/inspect/index.ts'
import { recordsOfBytes } from '../../src/inspect/hex-input.ts'
import { pair } from '../../src/stream/pair.ts'
import { concat } from '../../src/wire/bytes.ts'
import { clientOf } from '../fixtures/engines.ts'
import { ecdsa, rsa } from '../fixtures/identities.ts'

/** The records of a ClientHello of ours. */
const helloBytes = (): Uint8Array => concat(...clientOf({ serverName: 'routed.test', alpn: ['h2'] }).takeOutput())

const listen = async (server: net.Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

it('a proxy routes by server name, and both handshakes end at the servers behind it', async () => {
  const backends = new Map<string, number>()
  const servers: net.Server[] = []
  for (const [name, identity] of [
    ['one.test', ecdsa],
    ['two.test', rsa],
  ] as const) {
    const server = tls.createServer(identity, (socket) => socket.end(`this is ${name}`))
    servers.push(server)
    backends.set(name, await listen(server))
  }
  const proxy = net.createServer((socket) => {
    void readClientHello(socket, { provider: nodeProvider }).then(({ hello, stream }) => {
      expect(stream).toBe(socket)
      const backend = net.connect(backends.get(hello.serverName ?? '') ?? 0, '127.0.0.1')
      socket.pipe(backend).pipe(socket)
    })
  })
  servers.push(proxy)
  const port = await listen(proxy)
  for (const name of backends.keys()) {
    const client = tls.connect({ port, host: '127.0.0.1', servername: name, rejectUnauthorized: false })
    let text = ''
    for await (const chunk of client) text += String(chunk)
    expect(text).toBe(`this is ${name}`)
  }
  for (const server of servers) server.close()
})

describe('streams', () => {
  it.each([[1], [7], [5000]])('in pieces of %d bytes: nothing is lost', async (size) => {
    const [client, server] = pair()
    const bytes = concat(helloBytes(), new TextEncoder().encode('more'))
    void (async () => {
      for (let i = 0; i < bytes.length; i += size) await client.write(bytes.subarray(i, i + size))
      await client.close()
    })()
    const { hello, stream, bytes: seen } = await readClientHello(server, { provider: nodeProvider })
    expect(hello.serverName).toBe('routed.test')
    expect(hello.alpn).toEqual(['h2'])
    expect(hello.toJSON().ja4).toMatch(/^t13d\d{4}h2_/)
    expect(seen.length).toBeGreaterThanOrEqual(hello.raw.length + 5)
    const rest: Uint8Array[] = []
    for (let chunk = await stream.read(); chunk; chunk = await stream.read()) rest.push(chunk.slice())
    expect(concat(...rest)).toEqual(bytes)
  })

  it('web streams', async () => {
    const bytes = helloBytes()
    const readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(bytes)
        controller.close()
      },
    })
    const { hello, stream } = await readClientHello({ readable, writable: new WritableStream<Uint8Array>() })
    expect(hello.serverName).toBe('routed.test')
    expect('read' in stream && (await stream.read())).toEqual(bytes)
  })

  const peek = async (bytes: Uint8Array, options = {}): Promise<unknown> => {
    const [client, server] = pair()
    await client.write(bytes)
    void client.close()
    return readClientHello(server, options).then(
      () => 'read',
      (error: { code?: string }) => error.code,
    )
  }

  it('what is no ClientHello is refused by name', async () => {
    expect(await peek(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'))).toBe('not_tls')
    expect(await peek(helloBytes().subarray(0, 40))).toBe('decode_error')
    expect(await peek(Uint8Array.of(21, 3, 3, 0, 2, 1, 0))).toBe('unexpected_message')
    expect(await peek(Uint8Array.of(22, 3, 3, 0, 4, 2, 0, 0, 0))).toBe('unexpected_message')
    expect(await peek(helloBytes(), { maxBytes: 100 })).toMatch(/message_too_large|read/)
  })

  it('bytes that are no TLS are still there for others', async () => {
    const server = net.createServer((socket) => {
      void readClientHello(socket).catch(() => socket.pipe(socket))
    })
    const client = net.connect(await listen(server), '127.0.0.1')
    client.end('plain text')
    let text = ''
    for await (const chunk of client) text += String(chunk)
    expect(text).toBe('plain text')
    server.close()
  })

  it('a signal ends the wait', async () => {
    const [, server] = pair()
    await expect(readClientHello(server, { signal: AbortSignal.abort(new Error('too slow')) })).rejects.toMatchObject({
      name: 'TlsError',
    })
  })
})

describe('hexdumps', () => {
  const bytes = helloBytes().subarray(0, 100)
  const hex = Buffer.from(bytes).toString('hex')
  const rows = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => bytes.subarray(16 * i, 16 * i + 16))
  const offset = (i: number): string => (16 * i).toString(16).padStart(8, '0')
  const text = (row: Uint8Array): string =>
    Array.from(row, (byte) => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
  const pairs = (row: Uint8Array): string => Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const forms: Readonly<Record<string, string>> = {
    plain: hex,
    spaced: pairs(bytes),
    colons: pairs(bytes).replaceAll(' ', ':'),
    lines: hex.replace(/(.{64})/g, '$1\n'),
    xxd: rows
      .map(
        (row, i) =>
          `${offset(i)}: ${pairs(row)
            .replace(/(..) (..)/g, '$1$2')
            .padEnd(39)}  ${text(row)}`,
      )
      .join('\n'),
    'hexdump -C': rows
      .map(
        (row, i) => `${offset(i)}  ${pairs(row.subarray(0, 8))}  ${pairs(row.subarray(8)).padEnd(23)}  |${text(row)}|`,
      )
      .join('\n'),
    od: rows.map((row, i) => `${offset(i).slice(2)} ${pairs(row)}`).join('\n'),
    Wireshark: rows.map((row, i) => `${offset(i).slice(4)}   ${pairs(row).padEnd(47)}   ${text(row)}`).join('\n'),
    'C array': Array.from(bytes, (byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', '),
    'escaped string': `"${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`,
  }
  it.each(Object.keys(forms))('%s', (form) => {
    expect(Buffer.from(parseHexdump(forms[form] ?? '')).toString('hex')).toBe(hex)
  })

  it('text columns of any characters', () => {
    const odd = Buffer.from(`${'abcdef01,"x|{}'.padEnd(16, '9')}0xde ad`)
    const dump = [0, 16].map((start) => {
      const row = odd.subarray(start, start + 16)
      return `${offset(start / 16)}  ${pairs(row).padEnd(47)}  ${row.toString('latin1')}`
    })
    expect(Buffer.from(parseHexdump(dump.join('\n')))).toEqual(odd)
  })

  it.each(['', 'hello world', '1603', 'zz zz', '16 03 0'])('%j is a sentence, or bytes that are no record', (given) => {
    const outcome = () => recordsOfBytes(parseHexdump(given))
    expect(outcome).toThrow(expect.objectContaining({ code: 'decode_error' }))
  })

  it('records and bare messages', () => {
    const whole = helloBytes()
    expect(recordsOfBytes(whole)[0]).toMatchObject({ sender: 'client', type: 22 })
    expect(recordsOfBytes(whole.subarray(5))[0]).toMatchObject({ sender: 'client', type: 22 })
    expect(parseClientHello(whole.subarray(5)).serverName).toBe('routed.test')
  })
})
