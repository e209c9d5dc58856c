// What a server refuses in an encrypted ClientHello, and a client in the answer (RFC 9849): each rule broken by hand.

import { clientHelloInfo } from '../../src/options/hello-info.ts'
import { mergeOptions } from '../../src/options/merge.ts'
import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { generateEchKeys } from '../../src/ech.ts'
import { serverConfig } from '../../src/engine/every.ts'
import { openHello } from '../../src/handshake/server/ech-server.ts'
import type { OpenedHello } from '../../src/handshake/server/received-hello.ts'
import type { Flow } from '../../src/handshake/flow.ts'
import { hpkeSender } from '../../src/keys/hpke.ts'
import type { HpkeSender } from '../../src/keys/hpke.ts'
import type { TestServerOptions } from '../fixtures/engines.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { encode } from '../../src/wire/codec.ts'
import { utf8Bytes } from '../../src/wire/texts.ts'
import {
  decodeEchConfigList,
  ECH_INNER,
  encodeEchConfig,
  encodeEchConfigList,
  encodeEchOuter,
  hasMandatoryExtension,
  isPublicName,
  outerExtensions,
} from '../../src/wire/ech.ts'
import type { EchConfig } from '../../src/wire/ech.ts'
import type { RawExtension } from '../../src/wire/extensions.ts'
import { clientHello, decodeMessage, encodeMessage, messages13 } from '../../src/wire/messages.ts'
import type { ClientHello } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import { clientOf, connectEngines, errorOf, serverOf } from '../fixtures/engines.ts'
import { ecdsa } from '../fixtures/identities.ts'

const keys = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider, configId: 7 })
const other = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider, configId: 9 })
const [config] = decodeEchConfigList(keys.configList)
if (!config) throw new Error('no config')
const suite = { kem: config.kem, kdf: 1, aead: 1 }
const senderFor = async (): Promise<HpkeSender> =>
  hpkeSender(nodeProvider, suite, config.publicKey, concat(utf8Bytes('tls ech'), Uint8Array.of(0), config.raw))

const ext = (type: number, ...data: number[]): RawExtension => ({ type, data: Uint8Array.from(data) })
const inner: RawExtension = { type: extensionTypes.encrypted_client_hello, data: ECH_INNER }
const none = new Uint8Array(0)
const only13 = ext(extensionTypes.supported_versions, 2, 3, 4)
const refer = (...types: number[]): RawExtension => ({
  type: extensionTypes.ech_outer_extensions,
  data: encode(outerExtensions, types),
})
const blank: ClientHello = {
  legacyVersion: 0x0303,
  random: new Uint8Array(32).fill(1),
  sessionId: new Uint8Array(0),
  cipherSuites: [0x1301],
  compressionMethods: new Uint8Array(1),
  extensions: [only13, inner],
}

interface Envelope {
  readonly outer?: readonly RawExtension[]
  readonly padding?: Uint8Array
  readonly enc?: Uint8Array
  readonly configId?: number
  readonly kdf?: number
  readonly aead?: number
  readonly spoil?: boolean
}

/** `fields` in an envelope, as the server reads it. */
const sealed = async (sender: HpkeSender, fields: Partial<ClientHello>, envelope: Envelope = {}) => {
  const encoded = concat(encode(clientHello, { ...blank, ...fields }), envelope.padding ?? new Uint8Array(0))
  const { configId = 7, kdf = 1, aead = 1, enc = sender.enc } = envelope
  const outer = (payload: Uint8Array): ClientHello => ({
    ...blank,
    random: new Uint8Array(32).fill(2),
    sessionId: new Uint8Array(32).fill(3),
    extensions: [
      ...(envelope.outer ?? []),
      only13,
      {
        type: extensionTypes.encrypted_client_hello,
        data: encodeEchOuter({ suite: { kdf, aead }, configId, enc, payload }),
      },
    ],
  })
  const payload = await sender.seal(encode(clientHello, outer(new Uint8Array(encoded.length + 16))), encoded)
  if (envelope.spoil) payload[0] = (payload[0] ?? 0) ^ 1
  return decodeMessage(messages13, 'ClientHello', encodeMessage(messages13, 'ClientHello', outer(payload)))
}

const finish = async <T>(flow: Flow<T>): Promise<T> => {
  let step = flow.next()
  while (!step.done) step = flow.next(step.value.kind === 'promise' ? await step.value.promise : undefined)
  return step.value
}
const withKeys = (options: TestServerOptions = {}) =>
  serverConfig({ provider: nodeProvider, ...ecdsa, hello: { ech: { keys: [keys] } }, ...options })
const opened = async (fields: Partial<ClientHello>, envelope: Envelope = {}): Promise<OpenedHello> =>
  finish(openHello(withKeys(), await sealed(await senderFor(), fields, envelope)))
const refused = (alert: string) => ({ alert })

test('a hello in order is opened, with the outer session ID and extensions', async () => {
  const { message, ech } = await opened(
    { extensions: [inner, refer(10, 13), only13] },
    { outer: [ext(10, 1), ext(99), ext(13, 2)], padding: new Uint8Array(9) },
  )
  expect(ech?.kind).toBe('accepted')
  expect(message.extensions?.map(({ type }) => type)).toEqual([inner.type, 10, 13, 43])
  expect(toHex(message.sessionId)).toBe('03'.repeat(32))
})

describe('RFC 9849 section 5.1', () => {
  test('padding that is not zero', async () => {
    await expect(opened({}, { padding: Uint8Array.of(0, 1) })).rejects.toMatchObject(refused('illegal_parameter'))
  })
  test.each([
    ['an extension that the outer hello does not have', [10], [ext(13)], 'is missing'],
    ['an extension twice', [10, 10], [ext(10)], 'there twice'],
    ['encrypted_client_hello', [extensionTypes.encrypted_client_hello], [], 'it refers to encrypted_client_hello'],
    ['another order', [13, 10], [ext(10), ext(13)], 'out of order'],
  ])('ech_outer_extensions with %s', async (_, types, outer, message) => {
    await expect(opened({ extensions: [inner, only13, refer(...types)] }, { outer })).rejects.toMatchObject({
      ...refused('illegal_parameter'),
      message: expect.stringContaining(message),
    })
  })
  test.each([[[]], [[3, 0, 10, 0]], [[2, 0, 10, 0]]])('ech_outer_extensions of the form %o', async (data) => {
    const reference = ext(extensionTypes.ech_outer_extensions, ...(data.length === 0 ? [0] : data))
    await expect(opened({ extensions: [inner, only13, reference] }, { outer: [ext(10)] })).rejects.toMatchObject(
      refused('decode_error'),
    )
  })
  test('a session ID in the encoded hello', async () => {
    await expect(opened({ sessionId: Uint8Array.of(1) })).rejects.toMatchObject(refused('illegal_parameter'))
  })
  test('an extension both referred to and there', async () => {
    await expect(
      opened({ extensions: [inner, only13, ext(10), refer(10)] }, { outer: [ext(10)] }),
    ).rejects.toMatchObject(refused('illegal_parameter'))
  })
})

describe('RFC 9849 section 7.1', () => {
  test('an inner hello without the inner extension', async () => {
    const outerForm = { type: inner.type, data: encodeEchOuter({ suite, configId: 7, enc: none, payload: none }) }
    for (const extensions of [[only13], [outerForm, only13]])
      await expect(opened({ extensions })).rejects.toMatchObject(refused('illegal_parameter'))
  })
  test.each([[[4, 3, 4, 3, 3]], [[2, 3, 3]], [[2, 10, 10]]])(
    'an inner hello with the versions %o',
    async (versions) => {
      await expect(opened({ extensions: [inner, ext(43, ...versions)] })).rejects.toMatchObject(
        refused('illegal_parameter'),
      )
    },
  )
  test.each([{ configId: 8 }, { aead: 9 }, { spoil: true }, { enc: new Uint8Array(32) }, { enc: new Uint8Array(3) }])(
    'what does not decrypt is ignored: %o',
    async (envelope) => {
      const { ech, message } = await opened({}, envelope)
      expect(ech).toEqual({ kind: 'rejected' })
      expect(message.random[0]).toBe(2)
    },
  )
})

describe('RFC 9849 section 7', () => {
  const hello = (...data: number[]) =>
    decodeMessage(
      messages13,
      'ClientHello',
      encodeMessage(messages13, 'ClientHello', {
        ...blank,
        extensions: [only13, ext(extensionTypes.encrypted_client_hello, ...data)],
      }),
    )
  const opening = async (data: number[], options: TestServerOptions = {}) =>
    finish(openHello(withKeys(options), hello(...data)))
  test('the inner form from the network', async () => {
    await expect(opening([1])).rejects.toMatchObject(refused('illegal_parameter'))
  })
  test('the inner form, behind another server', async () => {
    expect((await opening([1], { hello: { ech: { keys: [] } } })).ech).toEqual({ kind: 'backend' })
  })
  test('a type that there is not', async () => {
    for (const data of [[2], [2, 0]]) await expect(opening(data)).rejects.toMatchObject(refused('illegal_parameter'))
  })
  test.each([[[]], [[1, 0]], [[0]], [[0, 0, 1, 0, 1, 7, 0, 0, 0, 0]], [[0, 0, 1, 0, 1, 7, 0, 0, 0, 1, 5, 5]]])(
    'the form %o',
    async (data) => {
      await expect(opening(data)).rejects.toMatchObject(refused('decode_error'))
    },
  )
})

describe('RFC 9849 section 7.1.1: the second hello', () => {
  const second = async (envelope: Envelope, fields: Partial<ClientHello> = {}) => {
    const sender = await senderFor()
    const first = await finish(openHello(withKeys(), await sealed(sender, {})))
    const before = {
      ...first,
      extensions: {},
      info: clientHelloInfo(
        {
          serverName: undefined,
          alpn: [],
          cipherSuites: [],
          versions: [],
          groups: [],
          signatureSchemes: [],
          raw: first.message.raw,
        },
        nodeProvider,
      ),
    }
    const received = await sealed(sender, fields, { enc: new Uint8Array(0), ...envelope })
    return { before, received, open: () => finish(openHello(withKeys(), received, before)) }
  }
  test('goes on with the context of the first', async () => {
    expect((await (await second({})).open()).ech?.kind).toBe('accepted')
  })
  test('that does not decrypt', async () => {
    await expect((await second({ spoil: true })).open()).rejects.toMatchObject(refused('decrypt_error'))
  })
  test.each([{ configId: 8 }, { kdf: 2 }, { aead: 3 }, { enc: new Uint8Array(32) }])(
    'with another %o',
    async (envelope) => {
      await expect((await second(envelope)).open()).rejects.toMatchObject(refused('illegal_parameter'))
    },
  )
  test.each([[], [ext(extensionTypes.encrypted_client_hello, 2)], [ext(extensionTypes.encrypted_client_hello, 1)]])(
    'behind another server, with %o: the inner extension stays (section 6.1.5)',
    async (...extensions) => {
      const { before, received } = await second({})
      const bare = { ...received, extensions: [only13, ...extensions] }
      const opened = finish(openHello(withKeys(), bare, { ...before, ech: { kind: 'backend' } }))
      if (extensions[0]?.data[0] === 1) expect(await opened).toEqual({ message: bare, ech: { kind: 'backend' } })
      else await expect(opened).rejects.toMatchObject(refused('illegal_parameter'))
    },
  )
  test('without the extension', async () => {
    const { before, received } = await second({})
    const bare = { ...received, extensions: [only13] }
    await expect(finish(openHello(withKeys(), bare, before))).rejects.toMatchObject(refused('missing_extension'))
  })
})

describe('RFC 9849 section 4: ECHConfigList', () => {
  const parts = (changes: Partial<EchConfig>) => encodeEchConfigList([encodeEchConfig({ ...config, ...changes })])
  test('other versions are ignored', () => {
    const other = Uint8Array.of(0xfe, 0x0a, 0, 1, 9)
    expect(decodeEchConfigList(encodeEchConfigList([other, keys.config]))).toHaveLength(1)
  })
  test.each([[[]], [[0, 0]], [[0, 3, 1, 2, 3]], [[0, 5, 0xfe, 0x0d, 0, 1, 9]], [[0, 4, 0xfe, 0x0d, 0, 0]]])(
    'bytes %o',
    (bytes) => {
      expect(() => decodeEchConfigList(Uint8Array.from(bytes))).toThrow(
        expect.objectContaining({ code: 'decode_error' }),
      )
    },
  )
  test('section 4.2: extensions that have to be understood, and one twice', () => {
    const [known] = decodeEchConfigList(parts({ extensions: [{ type: 0x8001, data: new Uint8Array(0) }] }))
    expect(known && hasMandatoryExtension(known)).toBe(true)
    const twice = [1, 1].map((type) => ({ type, data: new Uint8Array(0) }))
    expect(() => decodeEchConfigList(parts({ extensions: twice }))).toThrow(/twice/)
  })
  test.each([
    { extensions: [{ type: 0x8001, data: new Uint8Array(0) }] },
    { kem: 0x9999 },
    { suites: [{ kdf: 1, aead: 9 }] },
    { publicName: '.test' },
  ])("what a client can't use: %o", (changes) => {
    expect(() => clientOf({ hello: { ech: { configList: parts(changes) } } })).toThrow(
      expect.objectContaining({ code: 'bad_option' }),
    )
    expect(() => clientOf({ hello: { ech: { configList: parts(changes), unusable: 'grease' } } })).not.toThrow()
  })
  test('section 6.1.7: public names', () => {
    const bad = [
      '',
      '.',
      'a.',
      '.a',
      'a..b',
      '-a.test',
      'a-.test',
      'a_b.test',
      '192.0.2.1',
      '1.2.3.0x',
      'a.0xff',
      `${'a'.repeat(64)}.test`,
    ]
    expect(bad.filter(isPublicName)).toEqual([])
    for (const publicName of ['a_b.test', '192.0.2.1'])
      expect(() => clientOf({ hello: { ech: { configList: parts({ publicName }) } } })).toThrow(/ech/)
    expect(['a', 'a.test', 'xn--a.b-c', '1.2.test', 'a.0xg'].filter((name) => !isPublicName(name))).toEqual([])
  })
})

describe('what a client refuses', () => {
  const met = async (
    type: string,
    change: (fields: { extensions: readonly RawExtension[] }) => object,
    client = {},
    server: TestServerOptions = {},
  ) => {
    const seam = {
      outgoing: (message: { readonly type: string; readonly fields: object }) =>
        message.type === type && 'extensions' in message.fields
          ? change(message.fields as { extensions: readonly RawExtension[] })
          : message.fields,
    }
    const ours = clientOf(mergeOptions({ hello: { ech: { configList: keys.configList } } }, client))
    return errorOf(
      (await connectEngines(ours, serverOf({ hello: { ech: { keys: [keys] } }, ...server, seam }))).clientEvents,
    )
  }
  const add = (extension: RawExtension) => (fields: { extensions: readonly RawExtension[] }) => ({
    ...fields,
    extensions: [...fields.extensions, extension],
  })
  const retryList = { type: extensionTypes.encrypted_client_hello, data: keys.configList }
  const retrying = { hello: { keyShares: ['P-256'] }, groups: ['P-256', 'X25519'] }

  test('RFC 9849 section 5: keys from a server that accepted', async () => {
    expect(await met('EncryptedExtensions', add(retryList))).toMatchObject({ code: 'unsupported_extension' })
  })
  test.each([{}, { hello: { ech: {} } }])(
    'RFC 9849 section 6.1.6 and 6.2.1: keys that are not a list, with %o',
    async (client) => {
      const replaced = (fields: { extensions: readonly RawExtension[] }) => ({
        ...fields,
        extensions: [...fields.extensions.filter(({ type }) => type !== retryList.type), ext(retryList.type, 0, 1, 0)],
      })
      expect(await met('EncryptedExtensions', replaced, client, { hello: { ech: { keys: [other] } } })).toMatchObject({
        code: 'decode_error',
      })
    },
  )
  test('RFC 9849 section 6.1.2: a PSK that was not offered outside', async () => {
    expect(
      await met(
        'ServerHello',
        add(ext(extensionTypes.pre_shared_key, 0, 0)),
        {},
        { hello: { ech: { keys: [other] } } },
      ),
    ).toMatchObject({ alert: 'unsupported_extension' })
  })
  test('RFC 9849 section 6.1.4: a confirmation that is not 8 bytes', async () => {
    const short = (fields: { extensions: readonly RawExtension[] }) => ({
      ...fields,
      extensions: fields.extensions.map((one) => (one.type === retryList.type ? ext(one.type, 1, 2, 3) : one)),
    })
    expect(await met('ServerHello', short, retrying, { groups: ['X25519'] })).toMatchObject({ code: 'decode_error' })
  })
  test('RFC 9849 section 6.1.5: a ServerHello that takes the acceptance back', async () => {
    const spoiled = (fields: object) =>
      'random' in fields && fields.random instanceof Uint8Array && fields.random[0] !== 0xcf
        ? { ...fields, random: new Uint8Array(32) }
        : fields
    expect(await met('ServerHello', spoiled, retrying, { groups: ['X25519'] })).toMatchObject({
      code: 'illegal_parameter',
    })
  })
})
