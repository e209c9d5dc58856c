import { describe, expect, it } from 'vitest'

import { Unchanged } from '../../src/config/unchanged.ts'
import { connect, createServer, pair } from '../../src/index.node.ts'
import type { ClientOptions } from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'

type Changeable = { -readonly [K in keyof ClientOptions]: ClientOptions[K] }

/** How often `options` are made again when they are asked for twice, with `change` between. */
const makes = (options: object, change: () => void = () => {}): number => {
  const unchanged = new Unchanged<number>()
  let made = 0
  unchanged.get(options, '', () => ++made)
  change()
  unchanged.get(options, '', () => ++made)
  return made
}

describe('options of which something was made', () => {
  it('are compared, and count once while they say the same', () => {
    expect(makes({ serverName: 'a.example', alpn: ['h2'], versions: { min: 'TLS 1.3' } })).toBe(1)
  })

  it('count again when an option was changed, added or taken away', () => {
    const options: Record<string, unknown> = { serverName: 'a.example', alpn: ['h2'] }
    expect(makes(options, () => (options['serverName'] = 'b.example'))).toBe(2)
    expect(makes(options, () => (options['groups'] = ['X25519']))).toBe(2)
    expect(makes(options, () => delete options['groups'])).toBe(2)
  })

  it('count again when a list or a group was changed in place', () => {
    const alpn = ['h2']
    const versions: { min?: string } = {}
    const cipherSuites = [['TLS_AES_128_GCM_SHA256']]
    const options = { alpn, versions, cipherSuites }
    expect(makes(options, () => alpn.push('http/1.1'))).toBe(2)
    expect(makes(options, () => (versions.min = 'TLS 1.3'))).toBe(2)
    expect(makes(options, () => cipherSuites[0]?.push('TLS_AES_256_GCM_SHA384'))).toBe(2)
  })

  it('are never kept with keys, secrets or bytes in them', () => {
    for (const secret of [
      { key: 'PEM' },
      { identity: {} },
      { psk: { keys: [] } },
      { earlyData: new Uint8Array(1) },
      { ca: [new Uint8Array(1)] },
      { hello: { ech: {} } },
    ]) {
      expect(makes(secret)).toBe(2)
    }
  })

  it('do not hold the session, which is another one each time', () => {
    const options: Record<string, unknown> = { session: new Uint8Array(1) }
    expect(makes(options, () => (options['session'] = new Uint8Array(2)))).toBe(1)
  })
})

describe('connect() with one options object', () => {
  it('follows what is changed in it between two connections', async () => {
    const ca = await createCa({ name: 'unchanged' })
    const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'] })
    const { accept } = createServer({ cert: chainPem, key: privateKeyPem, alpn: ['h2', 'http/1.1'] })
    const options: Changeable = { serverName: 'localhost', ca: ca.certificatePem, alpn: ['h2'] }
    const meet = async () => {
      const [near, far] = pair()
      const [client, server] = await Promise.all([connect(near, options), accept(far)])
      await server.write(Uint8Array.of(1))
      await client.read()
      const { info, session } = client
      await Promise.all([client.close(), server.close()])
      return { info, session }
    }
    const first = await meet()
    expect(first.info.alpn).toBe('h2')
    options.alpn = ['http/1.1']
    expect((await meet()).info.alpn).toBe('http/1.1')
    options.alpn = ['h2']
    if (first.session) options.session = first.session
    expect((await meet()).info.resumed).toBe(true)
    delete options.session
    expect((await meet()).info.resumed).toBe(false)
    options.serverName = 'other.example'
    await expect(meet()).rejects.toMatchObject({ code: 'certificate_name_mismatch' })
  })
})
