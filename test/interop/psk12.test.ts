// PSK and ECDHE_PSK suites of TLS 1.2 with OpenSSL and GnuTLS, both ways (RFC 4279, RFC 5487, RFC 5489).

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as dialTcp, createServer as listen } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, createServer } from '../../src/index.node.ts'
import { createEnvironment, requirePeer } from './harness.ts'
import type { Environment } from './harness.ts'
import { gnutls } from './peers/gnutls.ts'
import { openssl } from './peers/openssl.ts'
import { Child, freePort } from './process.ts'

const hex = '00112233445566778899aabbccddeeff'
const key = Uint8Array.from(Buffer.from(hex, 'hex'))
const text = (data: Uint8Array | null): string => new TextDecoder().decode(data ?? undefined)
const suites = [
  ['TLS_PSK_WITH_AES_128_GCM_SHA256', 'PSK-AES128-GCM-SHA256', '+PSK:+AES-128-GCM'],
  ['TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-PSK-CHACHA20-POLY1305', '+ECDHE-PSK:+CHACHA20-POLY1305'],
  ['TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA', 'ECDHE-PSK-AES128-CBC-SHA', '+ECDHE-PSK:+AES-128-CBC:+SHA1'],
] as const
const priority = (suite: string): string => `NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:-CIPHER-ALL:${suite}`

let environment: Environment
beforeAll(async () => {
  environment = await createEnvironment()
})
afterAll(async () => environment.dispose())

/** Our client says hello to a server that sends something back. */
const ask = async (port: number, suite: string): Promise<string> => {
  const socket = dialTcp(port, '127.0.0.1')
  await once(socket, 'connect')
  const connection = await connect(socket, {
    serverName: 'localhost',
    versions: { max: 'TLS 1.2' },
    cipherSuites: [suite],
    psk: { keys: { identity: 'sensor', key } },
    ca: environment.ca,
  })
  await connection.write(new TextEncoder().encode('hello\n'))
  const answer = text(await connection.read())
  expect(connection.info).toMatchObject({ cipherSuite: suite, peerCertificates: [] })
  await connection.close()
  return answer.trim()
}

/** Our server answers the client that `start` makes. */
const answer = async (suite: string, start: (port: number) => Child): Promise<void> => {
  const tls = createServer({
    versions: { max: 'TLS 1.2' },
    cipherSuites: [suite],
    psk: { lookup: (identity) => (text(identity) === 'sensor' ? { key } : undefined) },
  })
  const listener = listen().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const accepted = once(listener, 'connection')
  const child = start(typeof address === 'object' && address ? address.port : 0)
  try {
    const [socket] = await accepted
    const connection = await tls.accept(socket)
    expect(connection.info.cipherSuite).toBe(suite)
    child.write('hello\n')
    expect(text(await connection.read())).toBe('hello\n')
    await connection.write(new TextEncoder().encode('good day\n'))
    await child.waitFor(/^good day$/m)
    await connection.close()
  } finally {
    listener.close()
    await child.stop()
  }
}

const hasOpenssl = await requirePeer(openssl)
describe.skipIf(!hasOpenssl).each(suites)('OpenSSL, %s', (suite, cipher) => {
  const common = ['-tls1_2', '-psk', hex, '-psk_identity', 'sensor', '-cipher', `${cipher}:@SECLEVEL=0`]

  it('s_server', async () => {
    const child = new Child('openssl', ['s_server', '-4', '-accept', '127.0.0.1:0', '-nocert', '-rev', ...common])
    try {
      const [, port] = await child.waitFor(/^ACCEPT .*:(\d+)$/m)
      expect(await ask(Number(port), suite)).toBe('olleh')
    } finally {
      await child.stop()
    }
  })

  it('s_client', () =>
    answer(suite, (port) => new Child('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...common])))
})

const hasGnutls = await requirePeer(gnutls)
describe.skipIf(!hasGnutls).each(suites)('GnuTLS, %s', (suite, _, names) => {
  it('gnutls-serv', async () => {
    const passwords = join(environment.files.directory, 'psk.txt')
    writeFileSync(passwords, `sensor:${hex}\n`)
    const port = await freePort()
    const child = new Child('gnutls-serv', [
      '--port',
      `${port}`,
      '--echo',
      '--pskpasswd',
      passwords,
      '--priority',
      priority(names),
    ])
    try {
      await child.waitFor(/listening on IPv4 .*done/)
      expect(await ask(port, suite)).toBe('hello')
    } finally {
      await child.stop()
    }
  })

  // gnutls-cli 3.7 dies (SIGSEGV) after any ECDHE_PSK handshake, with gnutls-serv too
  if (suite.includes('ECDHE')) return
  it('gnutls-cli', () =>
    answer(
      suite,
      (port) =>
        new Child('gnutls-cli', [
          '127.0.0.1',
          '--port',
          `${port}`,
          '--pskusername',
          'sensor',
          '--pskkey',
          hex,
          '--priority',
          priority(names),
        ]),
    ))
})
