// Secrets of puretls/node as text: none unless somebody reads it, for a text cannot be wiped.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'

import { connect, createServer } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'

const texts: string[] = []
vi.mock(import('../../src/config/common.ts'), async (original) => {
  const common = await original()
  return {
    ...common,
    keyLogOf: (write: (line: string) => void) =>
      common.keyLogOf((line) => {
        texts.push(line)
        write(line)
      }),
  }
})
afterEach(() => void texts.splice(0))

const ca = await createCa({ name: 'Key log CA' })
const leaf = await ca.issue({ names: ['localhost'] })

const handshake = async (isHeard: boolean): Promise<readonly string[]> => {
  const heard: string[] = []
  const server = createServer({ cert: leaf.chainPem, key: leaf.privateKeyPem }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: ca.certificatePem })
  if (isHeard) client.on('keylog', (line: Buffer) => heard.push(String(line)))
  try {
    await once(client, 'secureConnect')
  } finally {
    client.destroy()
    server.close()
  }
  return heard
}

it('no text of a secret is made where nobody listens', async () => {
  expect(await handshake(false)).toEqual([])
  expect(texts).toEqual([])
})

it('one that listens gets each', async () => {
  const heard = await handshake(true)
  expect(heard).toEqual(texts.map((line) => `${line}\n`))
  expect(heard.map((line) => line.split(' ')[0])).toContain('CLIENT_TRAFFIC_SECRET_0')
})
