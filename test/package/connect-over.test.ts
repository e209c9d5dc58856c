// connectOver() of puretls/client: the kinds of streams that it was made for, and no others.

import { duplexPair } from 'node:stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { connectOver, iterableStreams, messageStreams, nodeStreams, tls12, webStreams } from '../../src/client-entry.ts'
import { nodeProvider as provider } from '../../src/crypto/node.ts'
import { createCa } from '../../src/pki/index.ts'
import { createServer } from '../../src/server-entry.ts'
import type { CreateServerOptions } from '../../src/server-entry.ts'
import { pair } from '../../src/stream/pair.ts'
import type { AnyDuplex } from '../../src/stream/types.ts'
import { pathVerifier } from '../../src/x509/path-verifier.ts'
import { iterables, messageStreams as messageLines, webStreams as webLines } from '../stream/duplexes.ts'

const ca = await createCa({ name: 'over' })
const verifier = pathVerifier({ provider, trust: ca.certificatePem })
const options = { provider, serverName: 'localhost', verifier } as const

let identity: CreateServerOptions
beforeAll(async () => {
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'] })
  identity = { provider, cert: chainPem, key: privateKeyPem }
})

type OverAny = (stream: AnyDuplex, given: typeof options) => ReturnType<ReturnType<typeof connectOver>>
const lines = [
  ['nodeStreams', nodeStreams, async () => duplexPair()],
  ['webStreams', webStreams, async () => sides(await webLines.make())],
  ['iterableStreams', iterableStreams, async () => sides(await iterables.make())],
  ['messageStreams', messageStreams, async () => sides(await messageLines(true).make())],
] as const
const sides = ({ near, far }: { readonly near: AnyDuplex; readonly far: AnyDuplex }) => [near, far] as const

describe('connectOver', () => {
  it.each(lines)('speaks over %s', async (_, kind, make) => {
    const [near, far] = await make()
    const connect = connectOver([kind]) as OverAny
    const [connection, accepted] = await Promise.all([connect(near, options), createServer(identity).accept(far)])
    expect(connection.info).toMatchObject({ version: 'TLS 1.3', serverName: 'localhost' })
    await accepted.write(Uint8Array.of(7))
    expect(await connection.read()).toEqual(Uint8Array.of(7))
    await Promise.all([connection.close(), accepted.close()])
  })

  it('speaks over ByteStreams without any kind', async () => {
    const [near, far] = pair()
    const [connection, accepted] = await Promise.all([
      connectOver([])(near, options),
      createServer(identity).accept(far),
    ])
    expect(connection.info.version).toBe('TLS 1.3')
    await Promise.all([connection.close(), accepted.close()])
  })

  it.each(lines)('refuses %s where that kind was not given, and tells what to give', async (name, kind, make) => {
    const others = lines.map(([, other]) => other).filter((other) => other !== kind)
    const [near] = await make()
    for (const kinds of [[], others])
      await expect((connectOver(kinds) as OverAny)(near, options)).rejects.toMatchObject({
        code: 'bad_option',
        message: expect.stringMatching(/^stream: .* connectOver\(\) was given \(such as nodeStreams\)/),
      })
    expect(name).toMatch(/Streams$/)
  })

  it('refuses what is no list of kinds', () => {
    const made = connectOver as (kinds: unknown) => unknown
    for (const kinds of [undefined, nodeStreams, [undefined], ['nodeStreams']])
      expect(() => made(kinds)).toThrow(expect.objectContaining({ code: 'bad_option' }))
  })

  it('refuses what is no stream', async () => {
    const refused = connectOver([nodeStreams]) as (stream: unknown, given: typeof options) => Promise<unknown>
    for (const nothing of [undefined, null, 'localhost:443', 7])
      await expect(refused(nothing, options)).rejects.toMatchObject({ code: 'bad_option' })
  })

  it('has the features that are passed, and refuses options of others', async () => {
    const versions = { min: 'TLS 1.2', max: 'TLS 1.2' } as const
    const [near] = pair()
    await expect(connectOver([])(near, { ...options, versions })).rejects.toThrow('needs the feature `tls12`')
    const [again, far] = pair()
    const [connection, accepted] = await Promise.all([
      connectOver([], tls12)(again, options),
      createServer(identity).accept(far),
    ])
    expect(connection.info.version).toBe('TLS 1.3')
    await Promise.all([connection.close(), accepted.close()])
  })

  it('closes the stream where it refuses the options', async () => {
    const [near, far] = pair()
    const wrong = { ...options, serverName: '' }
    await expect(connectOver([])(near, wrong)).rejects.toMatchObject({ code: 'bad_option' })
    await expect(far.read()).rejects.toBeDefined()
  })
})
