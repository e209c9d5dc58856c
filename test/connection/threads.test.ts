// RSA in the runtime's threads: nodeThreadProvider in whole connections, and that it does not hold up the event loop.

import { describe, expect, it } from 'vitest'
import { parsePrivateKey } from '../../src/crypto/keys.ts'
import { nodeProvider, nodeThreadProvider } from '../../src/crypto/node.ts'
import { connect, createServer, pair } from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'
import { decodePem } from '../../src/wire/pem.ts'

const ca = await createCa({ name: 'threads' })

const keyOf = (pem: string): Uint8Array => {
  const [block] = decodePem(pem)
  if (!block) throw new Error('no key')
  return block.bytes
}

describe('nodeThreadProvider', () => {
  it.each([
    ['rsa-2048', 'TLS 1.3'],
    ['rsa-2048', 'TLS 1.2'],
    ['ecdsa-p256', 'TLS 1.3'],
  ] as const)('%s, %s, with a client certificate of the same kind', async (key, version) => {
    const [server, client] = await Promise.all([
      ca.issue({ names: ['localhost'], key }),
      ca.issue({ names: ['client.example'], client: true, key }),
    ])
    const [near, far] = pair()
    const common = { provider: nodeThreadProvider, versions: { min: version, max: version } } as const
    const { accept } = createServer({
      ...common,
      cert: server.chainPem,
      key: server.privateKeyPem,
      clientAuth: { mode: 'require', ca: ca.certificatePem },
    })
    const [connection, accepted] = await Promise.all([
      connect(near, {
        ...common,
        ca: ca.certificatePem,
        serverName: 'localhost',
        cert: client.chainPem,
        key: client.privateKeyPem,
      }),
      accept(far),
    ])
    expect([connection.info.version, accepted.info.verifiedChain.length]).toEqual([version, 2])
    await Promise.all([connection.close(), accepted.close()])
  })

  it('signs with an RSA key, and checks its signatures, without waiting on the caller', async () => {
    const { privateKeyPem } = await ca.issue({ names: ['localhost'], key: 'rsa-2048' })
    const key = parsePrivateKey(keyOf(privateKeyPem))
    const [now, later] = [await nodeProvider.signer(key), await nodeThreadProvider.signer(key)]
    const message = new Uint8Array(100)
    expect(now.sign('rsa_pss_sha256', message)).toBeInstanceOf(Uint8Array)
    const signature = later.sign('rsa_pss_sha256', message)
    expect(signature).toBeInstanceOf(Promise)
    const verifier = nodeThreadProvider.verifiers.find(({ algorithm }) => algorithm === 'rsa_pss_sha256')
    if (!verifier || !later.publicKey) throw new Error('no verifier')
    const good = verifier.verify(later.publicKey, message, await signature)
    expect(good).toBeInstanceOf(Promise)
    expect(await good).toBe(true)
    expect(await verifier.verify(later.publicKey, Uint8Array.of(1), await signature)).toBe(false)
  })
})
