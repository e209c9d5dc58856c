// Encrypted Client Hello on the client (RFC 9849 section 6): the true ClientHello encrypted inside one for the public
// name, and which of them the server answered.

import type { ClientConfig } from '../../config.ts'
import type { ChosenEchConfig } from '../../ech.ts'
import { TlsError } from '../../errors.ts'
import { HPKE_TAG_LENGTH, hpkeSender, someEncapsulatedKey } from '../../keys/hpke.ts'
import type { HpkeSender } from '../../keys/hpke.ts'
import { concat, equalBytes } from '../../wire/bytes.ts'
import { decode, encode, u32 } from '../../wire/codec.ts'
import { decodeEchConfigList, ECH_INNER, echInfo, encodeEchOuter, outerExtensions } from '../../wire/ech.ts'
import {
  clientHelloExtensions,
  decodeExtension,
  encodeExtensions,
  helloRetryRequestExtensions,
  serverHelloExtensions,
} from '../../wire/extensions.ts'
import type { ClientHelloExtensions, RawExtension } from '../../wire/extensions.ts'
import { clientHello, encodeMessage, isHelloRetryRequest, messages13 } from '../../wire/messages.ts'
import type { ClientHello } from '../../wire/messages.ts'
import { extensionTypes, TLS13 } from '../../wire/registry.ts'
import { Handshake } from '../context.ts'
import type { HandshakeIo } from '../context.ts'
import { CONFIRMATION_LENGTH, helloConfirmation, retryConfirmation } from '../ech-confirm.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { ignoredByClients12 } from './client-handshake.ts'
import type { ClientHandshake, ClientHandshakeParts, SentEch, ServerHelloMessage } from './client-handshake.ts'
import { bindHello, offerOf, shapeHello } from './client-hello.ts'
import { planHello } from './hello-plan.ts'
import type { EchContext, HelloPlan, Offer, SecondHello } from './hello-plan.ts'

/** The ECH of this connection; undefined where nothing is encrypted. */
export function* startEch(
  config: ClientConfig,
  io: HandshakeIo,
  parts: ClientHandshakeParts,
): Flow<EchContext | undefined> {
  if (config.ech?.kind !== 'offer') return undefined
  const chosen = config.ech.config
  const { provider } = config
  let secret = new Uint8Array(0)
  const onSecret = (shared: Uint8Array): void => {
    secret = shared.slice()
  }
  const sender = yield* senderFor(config, chosen.suite, chosen.publicKey, echInfo(chosen.raw), { onSecret })
  const outer: ClientHandshake = new Handshake(
    publicConfig(config, chosen.publicName),
    io.with({ emit: () => {} }),
    parts,
    messages13,
    ignoredByClients12,
  )
  outer.clientRandom = provider.random(32)
  // under the random that is seen on the way (RFC 9850 section 2.3)
  outer.keyLog('ECH_SECRET', secret)
  outer.keyLog('ECH_CONFIG', chosen.raw)
  const suites = config.suites.filter(({ version }) => version === 'TLS 1.3')
  return {
    config: { ...config, minVersion: TLS13, suites, fallback: false },
    outer,
    confirmed: false,
    send: (hs, plan, second) => sendEncryptedHello(hs, plan, { chosen, sender, outer }, second),
    confirms: confirmsEch,
  }
}

function* senderFor({ provider }: ClientConfig, ...parameters: SenderParameters): Flow<HpkeSender> {
  try {
    return yield* use(hpkeSender(provider, ...parameters))
  } catch (cause) {
    throw new TlsError('bad_option', 'ech.configList: its public key is not one of its KEM', { cause })
  }
}

type SenderParameters = Parameters<typeof hpkeSender> extends [unknown, ...infer Rest] ? Rest : never

/** The extension in the hello that counts: its inner form, or one that only looks like ECH (section 6.2.1). */
export function* echExtension(
  config: ClientConfig,
  ech: EchContext | undefined,
): Flow<Pick<ClientHelloExtensions, 'encrypted_client_hello'>> {
  if (ech) return { encrypted_client_hello: ECH_INNER }
  if (config.ech?.kind !== 'grease') return {}
  const {
    provider,
    ech: { suite },
  } = config
  const [configId = 0, size = 0] = provider.random(2)
  const enc = yield* use(someEncapsulatedKey(provider, suite))
  // lengths that a padded inner hello often has
  const payload = provider.random(32 * (4 + (size % 4)) + HPKE_TAG_LENGTH)
  return { encrypted_client_hello: encodeEchOuter({ suite, configId, enc, payload }) }
}

/** RFC 9849 section 6.1: the inner hello is in the transcript, the outer one goes out. */
function* sendEncryptedHello(
  hs: ClientHandshake,
  plan: HelloPlan,
  encryption: Encryption & { readonly outer: ClientHandshake },
  { first, changes }: Partial<SecondHello> = {},
): Flow<Offer> {
  const outerPlan = planOuter(plan, encryption.outer, encryption.chosen)
  const outer = shapeHello(hs.parts, outerPlan, changes, first?.outer && withoutEch(first.outer.hello))
  const { inner, shared } = alignInner(shapeHello(hs.parts, plan, changes, first?.hello), outer)
  const hello = bindHello(hs, plan, inner)
  const raw = encodeMessage(messages13, 'ClientHello', hello)
  hs.transcript.add(raw)
  const encrypted = yield* encryptHello(plan, encryption, { inner: hello, outer, shared })
  const [outerRaw = new Uint8Array(0)] = encryption.outer.send('ClientHello', encrypted.hello)
  const sentOuter = {
    ...outerPlan,
    extensions: { ...outerPlan.extensions, encrypted_client_hello: encrypted.extension },
  }
  return { ...offerOf(plan, hello, raw), outer: offerOf(sentOuter, encrypted.hello, outerRaw) }
}

/** encryptHello() adds it again. */
const withoutEch = (hello: ClientHello): ClientHello => ({
  ...hello,
  extensions: hello.extensions?.filter(({ type }) => type !== extensionTypes.encrypted_client_hello),
})

/** The outer hello of an inner one: for the public name, and what the server needs to see (section 6.1). */
const planOuter = (
  { extensions, sessionId, shares, variation }: HelloPlan,
  outer: ClientHandshake,
  { publicName }: ChosenEchConfig,
): HelloPlan => {
  const { key_share, psk_key_exchange_modes, early_data, cookie } = extensions
  const more: ClientHelloExtensions = {
    ...(key_share && { key_share }),
    ...(psk_key_exchange_modes && { psk_key_exchange_modes }),
    ...(early_data && { early_data }),
    ...(cookie && { cookie }),
  }
  const plan = planHello(outer.config, { random: outer.clientRandom, sessionId, shares, psks: [], variation, more })
  return { ...plan, outer: { refuse: (retryConfigs) => refuseOuterHello(publicName, retryConfigs) } }
}

interface AlignedHello {
  readonly inner: ClientHello
  /** Types of the extensions that it has as the outer one has them. */
  readonly shared: ReadonlySet<number>
}

interface EncryptedHello {
  readonly hello: ClientHello
  readonly extension: Uint8Array
}

/** The extensions that both hellos have alike go together, in the order of the outer one (section 5.1). */
const alignInner = (inner: ClientHello, outer: ClientHello): AlignedHello => {
  const list = inner.extensions ?? []
  const shared = sharedTypes(list, outer.extensions ?? [])
  const own = list.filter(({ type }) => !shared.has(type))
  return { inner: { ...inner, extensions: [...own, ...list.filter(({ type }) => shared.has(type))] }, shared }
}

interface Encryption {
  readonly chosen: ChosenEchConfig
  readonly sender: HpkeSender
}

/** The outer hello with the inner one in its extension, which is returned too (section 6.1.1). */
function* encryptHello(
  plan: HelloPlan,
  { chosen, sender }: Encryption,
  { inner, outer, shared }: AlignedHello & { readonly outer: ClientHello },
): Flow<EncryptedHello> {
  const encoded = encodeInner(inner, shared, chosen.maximumNameLength)
  const { configId, suite } = chosen
  const enc = plan.ech?.confirmed ? new Uint8Array(0) : sender.enc
  const psk = greasePsk(plan)
  const extensionOf = (payload: Uint8Array): Uint8Array => encodeEchOuter({ suite, configId, enc, payload })
  const withExtension = (data: Uint8Array): ClientHello => ({
    ...outer,
    extensions: [...(outer.extensions ?? []), { type: extensionTypes.encrypted_client_hello, data }, ...psk],
  })
  const aad = encode(clientHello, withExtension(extensionOf(new Uint8Array(encoded.length + HPKE_TAG_LENGTH))))
  const extension = extensionOf(yield* use(sender.seal(aad, encoded)))
  return { hello: withExtension(extension), extension }
}

/**
 * Whether this message says that the server took the inner hello; `raw` is that hello's message (section 6.1.4 and
 * 6.1.5).
 */
const confirmsEch = (
  { config, transcript }: ClientHandshake,
  { random, ech }: HelloPlan,
  raw: Uint8Array,
  hello: ServerHelloMessage,
): boolean => {
  const extensions = hello.extensions ?? []
  const version = decodeExtension(serverHelloExtensions, 'supported_versions', extensions, 'ServerHello')
  const suite = config.suites.find(({ id }) => id === hello.cipherSuite)
  const confirmed = (): boolean => {
    if (!suite || version !== TLS13) return false
    if (!isHelloRetryRequest(hello)) {
      return equalBytes(
        hello.random.subarray(-CONFIRMATION_LENGTH),
        helloConfirmation(suite.hash, random, transcript, hello),
      )
    }
    const given = decodeExtension(
      helloRetryRequestExtensions,
      'encrypted_client_hello',
      extensions,
      'HelloRetryRequest',
    )
    return given !== undefined && equalBytes(given, retryConfirmation(suite.hash, random, raw, hello))
  }
  if (confirmed()) return true
  if (!ech?.confirmed) return false
  const what = 'ServerHello: no ECH confirmation, although the HelloRetryRequest had one'
  throw new TlsError('illegal_parameter', `${what} (RFC 9849 section 6.1.5)`)
}

/**
 * The server's keys for another try, in EncryptedExtensions: checked in any case. One that took the inner hello has
 * none to give (section 5); one that did not may (section 6.1.6).
 */
export const echRetryConfigs = ({ ech, outer }: SentEch, configs: Uint8Array): Uint8Array | undefined => {
  decodeEchConfigList(configs)
  if (ech) {
    throw new TlsError(
      'unsupported_extension',
      'EncryptedExtensions: keys for ECH, which was accepted (RFC 9849 section 5)',
    )
  }
  return outer && configs
}

/** The end of a handshake with the outer hello: it was only good for learning what to do next (section 6.1.6). */
const refuseOuterHello = (publicName: string, retryConfigs: Uint8Array | undefined): never => {
  const usable = retryConfigs && decodeEchConfigList(retryConfigs).length > 0 ? retryConfigs : undefined
  const next = usable
    ? 'connect again with the keys in echRetryConfigs'
    : 'it says that it has no ECH: connect again without, if the name may be seen'
  throw new TlsError('ech_required', `${publicName} did not take the encrypted ClientHello; ${next}`, {
    ...(usable && { echRetryConfigs: usable }),
  })
}

/**
 * For the outer hello: the public name, and nothing that tells who is behind it or that an application could take for
 * success (section 6.1.7). */
const publicConfig = (config: ClientConfig, publicName: string): ClientConfig => ({
  ...config,
  serverName: publicName,
  sendServerName: true,
  psks: [],
  pskRequired: false,
  session: undefined,
  sessions: undefined,
  identitiesFor: () => [],
  verifyConnection: undefined,
  falseStart: false,
})

/** Never referred to: what differs by its nature. */
const ownTypes: ReadonlySet<number> = new Set([
  extensionTypes.server_name,
  extensionTypes.encrypted_client_hello,
  extensionTypes.pre_shared_key,
])

/** Types whose extensions are the same in both, and come in the same order. */
const sharedTypes = (inner: readonly RawExtension[], outer: readonly RawExtension[]): ReadonlySet<number> => {
  const shared = new Set<number>()
  let next = 0
  for (const { type, data } of inner) {
    const at = outer.findIndex(
      (extension, index) => index >= next && extension.type === type && equalBytes(extension.data, data),
    )
    if (at < 0 || ownTypes.has(type)) continue
    next = at + 1
    shared.add(type)
  }
  return shared
}

/** EncodedClientHelloInner (section 5.1), padded as section 6.1.3 recommends. */
const encodeInner = (inner: ClientHello, shared: ReadonlySet<number>, maximumNameLength: number): Uint8Array => {
  const list = inner.extensions ?? []
  const types = list.map(({ type }) => type).filter((type) => shared.has(type))
  const reference: RawExtension = { type: extensionTypes.ech_outer_extensions, data: encode(outerExtensions, types) }
  const extensions = list.flatMap((extension) => {
    if (!shared.has(extension.type)) return [extension]
    return extension.type === types[0] ? [reference] : []
  })
  const encoded = encode(clientHello, { ...inner, sessionId: new Uint8Array(0), extensions })
  const names = decodeExtension(clientHelloExtensions, 'server_name', list, 'ClientHelloInner')
  const nameLength = names?.[0]?.name.length
  const forName = nameLength === undefined ? maximumNameLength + 9 : Math.max(0, maximumNameLength - nameLength)
  const length = encoded.length + forName
  return concat(encoded, new Uint8Array(forName + 31 - ((length - 1) % 32)))
}

/** For each PSK of the inner hello one that is nobody's, as long as it (section 6.1.2). */
const greasePsk = ({ config: { provider }, psks }: HelloPlan): readonly RawExtension[] => {
  if (psks.length === 0) return []
  const age = (): number => decode(u32, provider.random(4), 'obfuscated_ticket_age')
  return encodeExtensions(clientHelloExtensions, {
    pre_shared_key: {
      identities: psks.map(({ identity }) => ({
        identity: provider.random(identity.length),
        obfuscatedTicketAge: age(),
      })),
      binders: psks.map(({ suite }) => provider.random(suite.hash.outputLength)),
    },
  })
}
