// What a client keeps to in a handshake with its ClientHelloOuter (RFC 9849 section 6.1), and no other test breaks.

import { describe, expect, test } from 'vitest'
import { generateEchKeys } from '../../src/ech.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { RawExtension } from '../../src/wire/extensions.ts'
import { errorOf, eventsOf, meet } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519 } from '../fixtures/identities.ts'

const keys = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider, configId: 7 })
const otherKeys = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider, configId: 8 })
const client = { hello: { ech: { configList: keys.configList } }, serverName: 'secret.test' }
const refusing = { hello: { ech: { keys: [otherKeys] } } }

describe('a handshake with the outer hello', () => {
  test("RFC 9849 section 6.1.2: a PSK that is nobody's was chosen", async () => {
    const tickets = { protector: { seal: (state: Uint8Array) => state, open: (ticket: Uint8Array) => ticket } }
    const first = await meet(client, { hello: { ech: { keys: [keys] } }, tickets })
    const session = eventsOf(first.clientEvents, 'session').at(-1)?.session
    expect(session).toBeDefined()
    const chosen: RawExtension = { type: 41, data: Uint8Array.of(0, 0) }
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) =>
        type === 'ServerHello' && 'extensions' in fields
          ? { ...fields, extensions: [...(fields.extensions as readonly RawExtension[]), chosen] }
          : fields,
    }
    const second = await meet({ ...client, ...(session && { session }) }, { ...refusing, tickets, seam })
    expect(errorOf(second.clientEvents)).toMatchObject({ code: 'illegal_parameter', alert: 'illegal_parameter' })
  })

  test('RFC 9849 section 6.1.6: no False Start', async () => {
    const options = { ...client, tls12: { falseStart: true } }
    const { clientEvents } = await meet(options, { versions: { max: 'TLS 1.2' } })
    expect(errorOf(clientEvents).code).toBe('ech_required')
    expect(eventsOf(clientEvents, 'falseStart')).toEqual([])
  })

  test('RFC 9849 section 6.1.7: a server that asks for a certificate gets none', async () => {
    const shown: number[] = []
    const verifier = {
      verify: (request: Parameters<typeof anyCertificate.verify>[0]) => {
        shown.push(request.chain.length)
        return anyCertificate.verify(request)
      },
    }
    const asking = { ...ecdsa, clientAuth: { mode: 'request', verifier } } as const
    const options = { ...client, ...ed25519 }
    await meet(options, { ...asking, hello: { ech: { keys: [keys] } } })
    expect(shown).toHaveLength(1)
    const { clientEvents } = await meet(options, { ...asking, ...refusing })
    expect(errorOf(clientEvents).code).toBe('ech_required')
    expect(shown).toHaveLength(1)
  })
})
