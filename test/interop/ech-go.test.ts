// Encrypted Client Hello with Go's crypto/tls, both ways: accepted, through a HelloRetryRequest, rejected with keys to
// retry. The peer is peers/go-ech; a machine without Go has no such peer.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect as dial, createServer as listen } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { connect, createServer, generateEchKeys } from '../../src/index.node.ts'
import type { EchKeys, ServerOptions } from '../../src/index.node.ts'
import type { ClientHelloOptions } from '../../src/options.ts'
import { createCa } from '../../src/pki/index.ts'
import { encodeBase64 } from '../../src/wire/pem.ts'
import { Child, run, stopChildren } from './process.ts'

const folder = mkdtempSync(join(tmpdir(), 'puretls-go-ech-'))
const program = join(folder, 'peer')
const [certFile, keyFile, caFile] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
]
const ca = await createCa({ name: 'ECH CA' })
const { chainPem: cert, privateKeyPem: key } = await ca.issue({ names: ['public.test', 'secret.test'] })
const newKeys = (): Promise<EchKeys> => generateEchKeys({ publicName: 'public.test', provider: nodeProvider })
const present = (await run('go', ['version'])).code === 0
const PATIENCE = 60_000

beforeAll(async () => {
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key)
  writeFileSync(caFile, ca.certificatePem)
  if (!present) return
  const cwd = new URL('./peers/go-ech', import.meta.url).pathname
  const { code, output } = await run('go', ['build', '-o', program, '.'], {
    cwd,
    env: { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
  })
  if (code !== 0) throw new Error(`go build: ${output}`)
}, PATIENCE)
afterAll(async () => {
  await stopChildren()
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!present)('ECH with Go', { timeout: PATIENCE }, () => {
  const dialGo = async (offered: EchKeys, own: EchKeys, curve: string, hello: ClientHelloOptions): Promise<string> => {
    const go = new Child(program, [
      'serve',
      certFile,
      keyFile,
      encodeBase64(own.config),
      encodeBase64(own.privateKey),
      curve,
    ])
    const [, port = ''] = await go.waitFor(/port=(\d+);/)
    const socket = dial(Number(port), '127.0.0.1')
    try {
      const tls = await connect(socket, {
        serverName: 'secret.test',
        ca: ca.certificatePem,
        hello: { ech: { configList: offered.configList }, ...hello },
      })
      await tls.write(new TextEncoder().encode('hello\n'))
      const answer = new TextDecoder().decode((await tls.read()) ?? undefined)
      expect(tls.info.echAccepted).toBe(true)
      await tls.close()
      return answer
    } finally {
      socket.destroy()
    }
  }

  test.each<ClientHelloOptions>([{}, { keyShares: ['P-256'] }, { grease: true, permuteExtensions: true }])(
    'puretls dials, with %o',
    async (options) => {
      const keys = await newKeys()
      expect(await dialGo(keys, keys, 'X25519', options)).toBe('true secret.test hello\n')
    },
  )

  test('puretls dials, through a HelloRetryRequest', async () => {
    const keys = await newKeys()
    expect(await dialGo(keys, keys, 'P-256', { keyShares: ['X25519'] })).toBe('true secret.test hello\n')
  })

  test('puretls dials with an old key, and gets the new one', async () => {
    const [old, current] = [await newKeys(), await newKeys()]
    await expect(dialGo(old, current, 'X25519', {})).rejects.toMatchObject({
      code: 'ech_required',
      echRetryConfigs: current.configList,
    })
  })

  const serveGo = async (offered: EchKeys, own: EchKeys, curve: string, options: ServerOptions): Promise<string> => {
    const server = createServer({ cert, key, hello: { ech: { keys: [own] } }, ...options })
    const sockets: Socket[] = []
    const listener = listen((socket) => {
      sockets.push(socket)
      void server
        .accept(socket)
        .then(async (tls) => {
          await tls.read()
          await tls.write(new TextEncoder().encode(`${tls.info.echAccepted} ${tls.info.serverName}\n`))
        })
        .catch(() => {})
    })
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo
    const { output } = await run(program, [
      'dial',
      String(port),
      caFile,
      encodeBase64(offered.configList),
      'secret.test',
      curve,
    ])
    for (const socket of sockets) socket.destroy()
    listener.close()
    return output
  }

  test.each(['X25519', 'P-256'])('puretls serves, %s', async (curve) => {
    const keys = await newKeys()
    expect(await serveGo(keys, keys, curve, {})).toContain('accepted=true true secret.test')
  })

  test('puretls serves, through a HelloRetryRequest', async () => {
    const keys = await newKeys()
    expect(await serveGo(keys, keys, 'X25519', { groups: ['P-256'] })).toContain('accepted=true true secret.test')
  })

  test('puretls serves a client with an old key', async () => {
    const [old, current] = [await newKeys(), await newKeys()]
    expect(await serveGo(old, current, 'X25519', {})).toContain(`rejected=${encodeBase64(current.configList)};`)
  })
})
