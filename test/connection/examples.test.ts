// The examples of docs/streams.md and docs/node.md, run; and the text shows what is run.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as netConnect, createServer as listen } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createServer as createHttpsServer } from 'node:https'
import { afterEach, describe, expect, it } from 'vitest'

import { inMemory } from '../../docs/examples/memory-pair.ts'
import { get, serve } from '../../docs/examples/node-https.ts'
import { answer, ask } from '../../docs/examples/node-socket.ts'
import { upgradeClient, upgradeServer } from '../../docs/examples/starttls.ts'
import { getPage } from '../../docs/examples/web-streams.ts'
import type { Duplex as WebDuplex } from '../../docs/examples/web-streams.ts'
import { connectThrough } from '../../docs/examples/websocket-relay.ts'
import type { WebSocketLike } from '../../docs/examples/websocket-relay.ts'
import { createCa } from '../../src/pki/index.ts'

const ca = await createCa({ name: 'Example CA' })
const { chainPem: cert, privateKeyPem: key } = await ca.issue({ names: ['localhost', '127.0.0.1'] })
const caPem = ca.certificatePem
const other = await createCa({ name: 'Another CA' })

const open: (Server | Socket)[] = []
afterEach(() => {
  for (const item of open.splice(0)) {
    if ('listen' in item) item.close()
    else item.destroy()
  }
})

const portOf = async (server: Server): Promise<number> => {
  open.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const httpsPort = async (): Promise<number> =>
  portOf(createHttpsServer({ cert, key }, (_, response) => response.end('a page')))

/** A WebSocket as a browser has it, whose other end is a relay to a TCP port. */
const webSocketTo = (port: number): WebSocketLike => {
  const tcp = netConnect(port, '127.0.0.1')
  open.push(tcp)
  const socket: WebSocketLike = {
    binaryType: 'blob',
    bufferedAmount: 0,
    onmessage: null,
    onclose: null,
    send: (data) => void tcp.write(data),
    close: () => void tcp.end(),
  }
  tcp.on('data', (chunk: Uint8Array) => socket.onmessage?.({ data: Uint8Array.from(chunk).buffer }))
  tcp.on('end', () => socket.onclose?.())
  return socket
}

describe('docs/examples', () => {
  it('node-socket.ts', async () => {
    const errors: unknown[] = []
    const port = await portOf(answer(cert, key, (error) => errors.push(error)))
    expect(await ask(port, caPem)).toBe('who is there? TLS 1.3, greeting/1')
    await expect(ask(port, other.certificatePem)).rejects.toMatchObject({ fault: 'certificate' })
    await expect.poll(() => errors).toMatchObject([{ code: 'alert_received' }])
  })

  it('web-streams.ts', async () => {
    const socket = netConnect(await httpsPort(), '127.0.0.1')
    open.push(socket)
    expect(await getPage(Duplex.toWeb(socket) as unknown as WebDuplex, 'localhost', caPem)).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*a page/,
    )
  })

  it('starttls.ts', async () => {
    let served: Promise<string> | undefined
    const port = await portOf(
      listen((socket) => {
        served = upgradeServer(socket, cert, key).then(async (tls) => {
          const line = new TextDecoder().decode((await tls.read()) ?? undefined)
          await tls.close()
          return line
        })
      }),
    )
    const tls = await upgradeClient(netConnect(port, '127.0.0.1'), caPem)
    await tls.write(new TextEncoder().encode('QUIT'))
    expect(await tls.read()).toBeNull()
    await tls.close()
    expect(await served).toBe('QUIT')
  })

  it('starttls.ts refuses what was injected before TLS began', async () => {
    let served: Promise<unknown> | undefined
    const port = await portOf(
      listen((socket) => {
        served = upgradeServer(socket, cert, key).catch((error: unknown) => error)
      }),
    )
    const socket = netConnect(port, '127.0.0.1')
    open.push(socket)
    socket.write('STARTTLS\r\nRSET\r\n')
    await expect.poll(() => served).toMatchObject({ message: 'data was injected before TLS began' })
  })

  it('websocket-relay.ts', async () => {
    const tls = await connectThrough(webSocketTo(await httpsPort()), 'localhost', caPem)
    await tls.write(new TextEncoder().encode('GET / HTTP/1.0\r\n\r\n'))
    let page = ''
    for await (const bytes of tls) page += new TextDecoder().decode(bytes)
    expect(page).toContain('a page')
    await tls.close()
  })

  it('memory-pair.ts', async () => {
    expect(await inMemory()).toBe('hello')
  })

  it('node-https.ts', async () => {
    const port = await portOf(serve(cert, key))
    expect(await get(`https://localhost:${port}/page`, caPem)).toBe('you asked for /page')
    await expect(get(`https://localhost:${port}/`, other.certificatePem)).rejects.toMatchObject({
      cause: { fault: 'certificate' },
    })
  })

  it('are shown in docs/streams.md and docs/node.md as they are', () => {
    const folder = new URL('../../docs/', import.meta.url)
    const text = ['streams.md', 'node.md'].map((page) => readFileSync(new URL(page, folder), 'utf8')).join('')
    const shown = [...text.matchAll(/\[`examples\/([a-z-]+\.ts)`\][^]*?```ts\n([^]*?)```/g)].map(
      ([, name = '', code = '']) => ({ name, code }),
    )
    expect(shown.map(({ name }) => name).toSorted()).toEqual([
      'memory-pair.ts',
      'node-https.ts',
      'node-socket.ts',
      'starttls.ts',
      'web-streams.ts',
      'websocket-relay.ts',
    ])
    for (const { name, code } of shown)
      expect(code, name).toBe(readFileSync(new URL(`examples/${name}`, folder), 'utf8'))
  })
})
