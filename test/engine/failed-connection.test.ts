// What is left of a connection that failed: what is known about it, and no secrets (RFC 9846 section 6, RFC 5246
// section 7.2.2).

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { isPromise } from '../../src/crypto/maybe.ts'
import type { AeadKey, CryptoProvider, MaybePromise } from '../../src/crypto/provider.ts'
import type { TlsEngine } from '../../src/engine/every.ts'
import { memoryReplayGuard, memorySessionCache, rotatingTicketKeys } from '../../src/session/index.ts'
import { errorOf, infoOf, meet } from '../fixtures/engines.ts'

const label = 'EXPERIMENTAL test'
const both = ['TLS 1.3', 'TLS 1.2'] as const
const only = (version: (typeof both)[number]) => ({ versions: { min: version, max: version } })

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** A provider of which is known what of it is still referred to: the keys of records, and logged secrets. */
const watched = () => {
  const keys: WeakRef<object>[] = []
  const outputs: { readonly memory: WeakRef<object>; readonly hex: string }[] = []
  const log: string[] = []
  const hashes = Object.fromEntries(
    Object.entries(nodeProvider.hashes).map(([name, hash]) => [
      name,
      {
        ...hash,
        hmac: (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => {
          const output = hash.hmac(key, ...parts).slice()
          outputs.push({ memory: new WeakRef(output.buffer), hex: Buffer.from(output).toString('hex') })
          return output
        },
      },
    ]),
  )
  const suites = nodeProvider.suites.map((suite) => {
    const { cipher } = suite
    if (cipher.kind !== 'aead') return suite
    const importKey = (raw: Uint8Array): MaybePromise<AeadKey> => {
      const key = cipher.importKey(raw)
      if (isPromise(key)) throw new Error('a provider that answers at once')
      keys.push(new WeakRef(key))
      return key
    }
    return { ...suite, cipher: { ...cipher, importKey } }
  })
  const alive = async () => {
    for (let round = 0; round < 4; round++) {
      await new Promise((resolve) => setImmediate(resolve))
      gc()
    }
    const secrets = log.flatMap((line) => line.split(' ').slice(-1))
    return {
      keys: keys.filter((key) => key.deref()).length,
      secrets: outputs.filter(({ memory, hex }) => memory.deref() && secrets.includes(hex)).length,
    }
  }
  const provider: CryptoProvider = { ...nodeProvider, hashes, suites }
  return { options: { provider, keyLog: (line: string) => void log.push(line) }, alive }
}

describe.each(both)('%s', (version) => {
  it.each(['aborted', 'told by an alert'])(
    '%s: no keying material and no binding (RFC 9846 section 6)',
    async (how) => {
      const { client, server, serverEvents, clientEvents, settle } = await meet(only(version), only(version))
      const [failed, events] = how === 'aborted' ? [client, clientEvents] : [server, serverEvents]
      const info = failed.info
      expect(failed.exportKeyingMaterial(8, label)).toHaveLength(8)
      expect(failed.channelBinding('tls-exporter')).toHaveLength(32)
      client.abort()
      await settle()
      const failure = errorOf(events)
      expect(() => failed.exportKeyingMaterial(8, label)).toThrow(failure)
      expect(() => failed.channelBinding('tls-exporter')).toThrow(failure)
      expect(() => failed.channelBinding('tls-server-end-point')).toThrow(failure)
      expect([failed.info, failed.handshakeDone]).toEqual([info, true])
    },
  )

  it('keys and secrets are forgotten, in memory too (RFC 9846 section 6)', async () => {
    const { options, alive } = watched()
    const engines: TlsEngine[] = []
    await (async () => {
      const { client, server } = await meet({ ...only(version), ...options }, { ...only(version), tickets: false })
      engines.push(client, server)
    })()
    const before = await alive()
    expect(before.keys).toBe(2)
    // the master secret of TLS 1.2 is put together from several outputs, which are gone then
    if (version === 'TLS 1.3') expect(before.secrets).toBeGreaterThan(0)
    for (const engine of engines) engine.abort()
    expect(await alive()).toEqual({ keys: 0, secrets: 0 })
    expect(engines.map(({ closed }) => closed)).toEqual([true, true])
  })
})

it('a connection that failed exports nothing for early data either (RFC 9846 section 6)', async () => {
  const server = {
    ...only('TLS 1.3'),
    tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
    earlyData: { maxBytes: 1024, replayGuard: memoryReplayGuard() },
  }
  const client = { ...only('TLS 1.3'), sessions: memorySessionCache() }
  await meet(client, server)
  const { client: second, clientEvents } = await meet({ ...client, earlyData: Uint8Array.of(1) }, server)
  expect(infoOf(clientEvents).earlyData).toBe('accepted')
  expect(second.exportEarlyKeyingMaterial(8, label)).toHaveLength(8)
  second.abort()
  expect(() => second.exportEarlyKeyingMaterial(8, label)).toThrow(expect.objectContaining({ code: 'aborted' }))
})
