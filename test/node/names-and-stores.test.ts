// Names that a client may send, authorities that come with a key, and files that cannot be read: as node:tls has it.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect, createSecureContext, createServer } from '../../src/node/index.ts'
import type { ConnectionOptions } from '../../src/node/index.ts'
import { createCa, createPkcs12 } from '../../src/pki/index.ts'

const authority = await createCa({ name: 'Store CA' })
const leaf = await authority.issue({ names: ['localhost'] })
const identity = { cert: leaf.certificatePem, key: leaf.privateKeyPem }

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
  vi.unstubAllEnvs()
})

/** The server name that arrived, and whether the client trusts the server. */
const met = async (
  options: ConnectionOptions,
): Promise<{ readonly servername: unknown; readonly trusted: boolean }> => {
  const server = createServer(identity)
  closing.push(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const coming = once(server, 'secureConnection') as Promise<[{ servername: unknown; destroy(): void }]>
  const { port } = server.address() as AddressInfo
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
  closing.push(() => client.destroy())
  const [[accepted]] = await Promise.all([coming, once(client, 'secureConnect')])
  closing.push(() => accepted.destroy())
  return { servername: accepted.servername, trusted: client.authorizationError === null }
}

describe('a server name', () => {
  const long = (length: number): string => `${'a'.repeat(60)}.`.repeat(4).concat('b'.repeat(length - 244))

  it('of 253 characters is sent; one that is longer or no host name is left out', async () => {
    expect((await met({ servername: long(253) })).servername).toBe(long(253))
    for (const servername of [long(254), long(256), '*.example', 'two words'])
      expect((await met({ servername })).servername, servername).toBe(false)
  })
  it('goes out in ASCII', async () => {
    expect((await met({ servername: 'bücher.example' })).servername).toBe('xn--bcher-kva.example')
  })
})

describe('authorities of a PKCS#12 file', () => {
  it('are trusted beside the usual ones, and beside those of `ca`', async () => {
    const pfx = await createPkcs12({ ...identity, cert: leaf.certificatePem + authority.certificatePem, password: 'x' })
    const more = await createCa({ name: 'Another CA' })
    const names = { servername: 'localhost' }
    expect((await met(names)).trusted).toBe(false)
    expect((await met({ ...names, ca: more.certificatePem })).trusted).toBe(false)
    expect((await met({ ...names, pfx, passphrase: 'x' })).trusted).toBe(true)
    expect((await met({ ...names, pfx, passphrase: 'x', ca: more.certificatePem })).trusted).toBe(true)
  })
})

describe('a PKCS#12 file', () => {
  it('of a kind that is not known is unsupported, and what is none is not enough data', async () => {
    const pfx = Buffer.from(await createPkcs12({ ...identity, password: 'x' }))
    // authSafe of type signedData instead of data: PKCS #7's other way to protect a file.
    const data = Buffer.from('06092a864886f70d010701', 'hex')
    const signed = Buffer.from('06092a864886f70d010702', 'hex')
    const at = pfx.indexOf(data)
    const other = Buffer.concat([pfx.subarray(0, at), signed, pfx.subarray(at + data.length)])
    expect(() => createSecureContext({ pfx: other, passphrase: 'x' })).toThrow(
      expect.objectContaining({ code: 'ERR_CRYPTO_UNSUPPORTED_OPERATION' }),
    )
    expect(() => createSecureContext({ pfx: Buffer.from([1, 2, 3]), passphrase: 'x' })).toThrow('not enough data')
    expect(() => createSecureContext({ pfx: pfx.subarray(0, 100), passphrase: 'x' })).toThrow('not enough data')
  })
})

describe('the global agent', () => {
  const agentWith = async (value: string | undefined) => {
    vi.resetModules()
    vi.stubEnv('NODE_USE_ENV_PROXY', value)
    const { globalAgent } = await import('../../src/node/https.ts')
    return globalAgent.options as { readonly proxyEnv?: unknown }
  }
  it('goes by the proxy variables where NODE_USE_ENV_PROXY is 1, and only there', async () => {
    expect((await agentWith('1')).proxyEnv).toBe(process.env)
    expect((await agentWith('0')).proxyEnv).toBeUndefined()
    expect((await agentWith(undefined)).proxyEnv).toBeUndefined()
  })
})
