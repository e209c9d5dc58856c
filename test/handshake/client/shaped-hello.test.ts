// hello.shape through a HelloRetryRequest: the second ClientHello is the first one as it was sent, but for what RFC
// 9846 section 4.2.2 lets it change. A shape that breaks the rule, or takes out what was asked for, is not
// followed there.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { generateEchKeys } from '../../../src/ech.ts'
import { memoryReplayGuard, memorySessionCache, sharedTicketKeys } from '../../../src/session/index.ts'
import type { ClientHello } from '../../../src/wire/messages.ts'
import { clientHelloExtensions, decodeExtensions } from '../../../src/wire/extensions.ts'
import { extensionTypes } from '../../../src/wire/registry.ts'
import { clientOf, connectEngines, infoOf, meet, serverOf } from '../../fixtures/engines.ts'

const groups = { client: ['X25519', 'P-256', 'P-384'], server: ['P-256', 'P-384'] } as const
const typesOf = (hello: ClientHello): readonly number[] => (hello.extensions ?? []).map(({ type }) => type)
const without = (type: number, hello: ClientHello): ClientHello => ({
  ...hello,
  extensions: hello.extensions?.filter((extension) => extension.type !== type),
})

/** What went out, as decoded by the seam, and how often the shape was asked. */
const watched = (shape: (hello: ClientHello, call: number) => ClientHello) => {
  const sent: ClientHello[] = []
  let calls = 0
  return {
    sent,
    calls: () => calls,
    hello: { shape: (hello: ClientHello) => shape(hello, ++calls) },
    seam: {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) => {
        if (type === 'ClientHello') sent.push(fields as ClientHello)
        return fields
      },
    },
  }
}

const changeable: ReadonlySet<number> = new Set([
  extensionTypes.key_share,
  extensionTypes.early_data,
  extensionTypes.cookie,
  extensionTypes.pre_shared_key,
])
const fixed = (hello: ClientHello | undefined) => ({
  ...hello,
  extensions: hello?.extensions?.filter(({ type }) => !changeable.has(type)),
})

describe.each([
  [
    'adds an extension of its own, another one each time',
    (hello: ClientHello, call: number): ClientHello => ({
      ...hello,
      extensions: [{ type: 0xfe42, data: Uint8Array.of(call) }, ...(hello.extensions ?? [])],
    }),
  ],
  [
    'turns the order round each time',
    (hello: ClientHello, call: number): ClientHello => ({
      ...hello,
      extensions: call % 2 === 1 ? hello.extensions?.toReversed() : hello.extensions,
    }),
  ],
  [
    'adds a cipher suite',
    (hello: ClientHello, call: number): ClientHello => ({
      ...hello,
      cipherSuites: [...hello.cipherSuites, 0xfe00 + call],
    }),
  ],
  [
    'says another session ID',
    (hello: ClientHello, call: number): ClientHello => ({
      ...hello,
      sessionId: new Uint8Array(32).fill(call),
    }),
  ],
] as const)('a shape that %s', (_, shape) => {
  it.each([
    ['another group', {}],
    ['a cookie', { hello: { cookie: true } }],
  ] as const)('a HelloRetryRequest for %s', async (_request, more) => {
    const { sent, calls, hello, seam } = watched(shape)
    const { clientEvents, serverEvents } = await meet(
      { groups: groups.client, hello: { ...hello, keyShares: ['X25519'] }, seam },
      { groups: groups.server, ...more },
    )
    expect(infoOf(clientEvents)).toMatchObject({ helloRetryRequest: true, group: 'P-256' })
    infoOf(serverEvents)
    expect(calls()).toBe(2)
    expect(sent).toHaveLength(2)
    expect(fixed(sent[1])).toEqual(fixed(sent[0]))
  })
})

it('a share that the shape took out may be asked for', async () => {
  const { hello, sent, seam } = watched((planned) => ({
    ...planned,
    extensions: planned.extensions?.map((extension) =>
      extension.type === extensionTypes.key_share ? { ...extension, data: Uint8Array.of(0, 0) } : extension,
    ),
  }))
  const { clientEvents } = await meet({ groups: ['P-256'], hello, seam }, { groups: ['P-256'] })
  expect(infoOf(clientEvents)).toMatchObject({ helloRetryRequest: true, group: 'P-256' })
  const shares = decodeExtensions(clientHelloExtensions, sent[1]?.extensions ?? [], 'ClientHello').key_share
  expect(shares?.map(({ group }) => group)).toEqual([23])
})

it('early data ends, and the session is offered again, last of all', async () => {
  const sessions = memorySessionCache()
  const server = {
    earlyData: { maxBytes: 1000, replayGuard: memoryReplayGuard() },
    tickets: { protector: sharedTicketKeys({ provider: nodeProvider, secret: new Uint8Array(32).fill(7) }) },
    groups: groups.client,
  }
  const first = serverOf(server)
  const config = { groups: groups.client, sessions, earlyData: Uint8Array.of(1) }
  await connectEngines(clientOf(config), first)
  const { hello, sent, seam } = watched((planned) => without(extensionTypes.record_size_limit, planned))
  await meet({ ...config, hello: { ...hello, keyShares: ['X25519'] }, seam }, { ...server, groups: ['P-256'] })
  expect(sent.map((one) => typesOf(one).includes(extensionTypes.early_data))).toEqual([true, false])
  expect(sent.map((one) => typesOf(one).at(-1))).toEqual([extensionTypes.pre_shared_key, extensionTypes.pre_shared_key])
})

it.each([true, false])('with ECH, accepted: %s', async (known) => {
  const [keys, others] = await Promise.all(
    [1, 2].map((configId) => generateEchKeys({ publicName: 'server.test', provider: nodeProvider, configId })),
  )
  if (!keys || !others) throw new Error('no keys')
  let calls = 0
  const shape = (hello: ClientHello): ClientHello => ({
    ...hello,
    extensions: [...(hello.extensions ?? []), { type: 0xfe42, data: Uint8Array.of(++calls) }],
  })
  const { clientEvents, serverEvents } = await meet(
    {
      groups: groups.client,
      serverName: 'server.test',
      hello: { shape, keyShares: ['X25519'], ech: { configList: keys.configList } },
    },
    { groups: groups.server, hello: { ech: { keys: [known ? keys : others] } } },
  )
  expect(calls).toBe(known ? 4 : 3) // the outer and the inner hello, then both or the outer one again
  if (known) expect(infoOf(clientEvents)).toMatchObject({ helloRetryRequest: true, echAccepted: true })
  else expect(clientEvents.find(({ type }) => type === 'error')).toMatchObject({ error: { code: 'ech_required' } })
  if (known) infoOf(serverEvents)
})
