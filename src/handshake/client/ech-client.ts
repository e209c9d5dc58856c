// Encrypted Client Hello on the client (RFC 9849 section 6): each ClientHello twice, the true one encrypted inside
// one for the public name, and which of them the server went by.

import type { ClientConfig } from '../../config.ts'
import type { ChosenEchConfig } from '../../ech.ts'
import { TlsError } from '../../errors.ts'
import { HPKE_TAG_LENGTH, hpkeSender, someEncapsulatedKey } from '../../keys/hpke.ts'
import type { HpkeSender } from '../../keys/hpke.ts'
import { concat, equalBytes } from '../../wire/bytes.ts'
import { decode, encode, u32 } from '../../wire/codec.ts'
import { decodeEchConfigList, ECH_INNER, echInfo, encodeEchOuter, outerExtensions } from '../../wire/ech.ts'
import {
  clientHelloExtensions, decodeExtension, encodeExtensions, helloRetryRequestExtensions, serverHelloExtensions,
} from '../../wire/extensions.ts'
import type { ClientHelloExtensions, EncryptedExtensionsExtensions, RawExtension } from '../../wire/extensions.ts'
import { clientHello, encodeMessage, isHelloRetryRequest, messages13 } from '../../wire/messages.ts'
import type { ClientHello, ServerHello } from '../../wire/messages.ts'
import { extensionTypes, TLS13 } from '../../wire/registry.ts'
import { helloExtensions, offerOf, plainHello } from './client-hello.ts'
import type { Envelope, HelloParts, Offer } from './client-hello.ts'
import { Handshake } from '../context.ts'
import type { HandshakeIo } from '../context.ts'
import { CONFIRMATION_LENGTH, helloConfirmation, retryConfirmation } from '../ech-confirm.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { ignoredByClients12 } from './client-handshake.ts'
import type { ClientHandshake, ServerHelloMessage } from './client-handshake.ts'

/** What goes out encrypted on this connection; undefined where nothing does. */
export function* startEch(config: ClientConfig, io: HandshakeIo): Flow<EncryptedHello | undefined> {
  if (config.ech?.kind !== 'offer') return undefined
  const chosen = config.ech.config
  let secret = new Uint8Array(0)
  const onSecret = (shared: Uint8Array): void => {
    secret = shared.slice()
  }
  try {
    const sender = yield* use(hpkeSender(config.provider, chosen.suite, chosen.publicKey, echInfo(chosen.raw), { onSecret }))
    const hello = new EncryptedHello(config, io, chosen, sender)
    hello.log(secret)
    return hello
  } catch (cause) {
    throw new TlsError('bad_option', 'ech.configList: its public key is not one of its KEM', { cause })
  }
}

/** The value of our extension in the hello that counts: its inner form, or one that only looks like ECH (section 6.2.1). */
export function* echValue(config: ClientConfig, ech: EncryptedHello | undefined): Flow<Pick<ClientHelloExtensions, 'encrypted_client_hello'>> {
  if (ech) return { encrypted_client_hello: ECH_INNER }
  if (config.ech?.kind !== 'grease') return {}
  const { provider, ech: { suite } } = config
  const [configId = 0, size = 0] = provider.random(2)
  const enc = yield* use(someEncapsulatedKey(provider, suite))
  const payload = provider.random(32 * (4 + (size % 4)) + HPKE_TAG_LENGTH) // lengths that a padded inner hello often has
  return { encrypted_client_hello: encodeEchOuter({ suite, configId, enc, payload }) }
}

export interface Answer {
  readonly hs: ClientHandshake
  readonly offer: Offer
  readonly serverHello: ServerHelloMessage
}

/** Waits for a ServerHello, or HelloRetryRequest, and goes on with the hello that it answers. */
export function* readAnswer(hs: ClientHandshake, offer: Offer): Flow<Answer> {
  const serverHello = yield* hs.receive('ServerHello')
  const taken = offer.ech?.judge(hs, offer, serverHello) ?? { hs, offer }
  taken.hs.transcript.add(serverHello.raw)
  return { ...taken, serverHello }
}

/** Section 5: a server that took the inner hello has no keys to give; one that did not may (section 6.1.6). */
export const noteRetryConfigs = (offer: Offer, { encrypted_client_hello: configs }: EncryptedExtensionsExtensions): void => {
  if (configs && offer.ech) {
    throw new TlsError('unsupported_extension', 'EncryptedExtensions: keys for ECH, which was accepted (RFC 9849 section 5)')
  }
  if (configs && offer.refusal) offer.refusal.retryConfigs = configs
}

/** One connection's ECH: the HPKE context, which both ClientHellos share, and the handshake of the outer hello beside the inner. */
export class EncryptedHello implements Envelope {
  /** For the inner hello: no older version (section 6.1). */
  readonly config: ClientConfig
  accepted = false
  readonly #chosen: ChosenEchConfig
  readonly #sender: HpkeSender
  readonly #outer: ClientHandshake
  #outerOffer: Offer | undefined
  #plainOuter: { readonly hello: ClientHello; readonly extensions: ClientHelloExtensions; readonly shared: ReadonlySet<number> } | undefined
  readonly #refusal: NonNullable<Offer['refusal']> = { retryConfigs: undefined }

  constructor(config: ClientConfig, io: HandshakeIo, chosen: ChosenEchConfig, sender: HpkeSender) {
    this.config = { ...config, minVersion: TLS13, suites: config.suites.filter(({ version }) => version === 'TLS 1.3'), fallback: false }
    this.#chosen = chosen
    this.#sender = sender
    this.#outer = new Handshake(publicConfig(config, chosen.publicName), { ...io, emit: () => {} }, messages13, ignoredByClients12)
    this.#outer.clientRandom = config.provider.random(32)
  }

  /** ECH_SECRET and ECH_CONFIG, under the random that is seen on the way (RFC 9850 section 2.3). */
  log(sharedSecret: Uint8Array): void {
    this.#outer.keyLog('ECH_SECRET', sharedSecret)
    this.#outer.keyLog('ECH_CONFIG', this.#chosen.raw)
  }

  /** The extensions that both hellos have alike go together, in the order of the outer one (section 5.1). */
  arrange(parts: HelloParts, inner: ClientHello): ClientHello {
    const { config } = this.#outer
    const { key_share: shares, early_data: early, cookie, psk_key_exchange_modes: modes } = parts.extensions
    const extensions: ClientHelloExtensions = {
      ...parts.shape.values(helloExtensions(config, parts.shares, undefined)),
      ...(shares && { key_share: shares }),
      ...(modes && { psk_key_exchange_modes: modes }),
      ...(early && { early_data: early }),
      ...(cookie && { cookie }),
    }
    const outer = plainHello(config, { ...parts, random: this.#outer.clientRandom, extensions })
    const shared = sharedTypes(inner.extensions ?? [], outer.extensions ?? [])
    this.#plainOuter = { hello: outer, extensions, shared }
    const list = inner.extensions ?? []
    return { ...inner, extensions: [...list.filter(({ type }) => !shared.has(type)), ...list.filter(({ type }) => shared.has(type))] }
  }

  /** Sends `inner` in its envelope; it is what the transcript has (section 6.1.1). */
  *send(hs: ClientHandshake, parts: HelloParts, inner: ClientHello): Flow<Offer> {
    const plain = this.#plainOuter
    if (!plain) throw new TlsError('internal_error', 'an outer ClientHello was not arranged')
    const innerRaw = encodeMessage(messages13, 'ClientHello', inner)
    hs.transcript.add(innerRaw)
    const encoded = encodeInner(inner, plain.shared, this.#chosen.maximumNameLength)
    const { configId, suite } = this.#chosen
    const enc = this.#outerOffer ? new Uint8Array(0) : this.#sender.enc
    const psk = greasePsk(hs.config, parts)
    const withPayload = (payload: Uint8Array): ClientHello => ({
      ...plain.hello,
      extensions: [
        ...(plain.hello.extensions ?? []),
        { type: extensionTypes.encrypted_client_hello, data: encodeEchOuter({ suite, configId, enc, payload }) },
        ...psk,
      ],
    })
    const aad = encode(clientHello, withPayload(new Uint8Array(encoded.length + HPKE_TAG_LENGTH)))
    const outer = withPayload(yield* use(this.#sender.seal(aad, encoded)))
    const [raw = new Uint8Array(0)] = this.#outer.send('ClientHello', outer)
    const { ech: _, ...outerParts } = parts
    const offer = offerOf({ ...outerParts, random: this.#outer.clientRandom, psks: [], extensions: plain.extensions }, outer, raw)
    this.#outerOffer ??= { ...offer, refusal: this.#refusal }
    return offerOf(parts, inner, innerRaw)
  }

  /** Which hello this message answers (section 6.1.4). */
  judge(hs: ClientHandshake, offer: Offer, hello: ServerHelloMessage): { readonly hs: ClientHandshake; readonly offer: Offer } {
    if (this.#confirms(hs, offer, hello)) {
      this.accepted = true
      return { hs, offer }
    }
    if (this.accepted) {
      throw new TlsError('illegal_parameter', 'ServerHello: no word of ECH, which the HelloRetryRequest had accepted (RFC 9849 section 6.1.5)')
    }
    if (!this.#outerOffer) throw new TlsError('internal_error', 'an answer to a ClientHello that was not sent')
    return { hs: this.#outer, offer: this.#outerOffer }
  }

  #confirms({ config, transcript }: ClientHandshake, offer: Offer, hello: ServerHello & { readonly raw: Uint8Array }): boolean {
    const extensions = hello.extensions ?? []
    const version = decodeExtension(serverHelloExtensions, 'supported_versions', extensions, 'ServerHello')
    const suite = config.suites.find(({ id }) => id === hello.cipherSuite)
    if (!suite || version !== TLS13) return false
    if (!isHelloRetryRequest(hello)) {
      const expected = helloConfirmation(suite.hash, offer.random, transcript, hello)
      return equalBytes(hello.random.subarray(-CONFIRMATION_LENGTH), expected)
    }
    const table = helloRetryRequestExtensions
    const given = decodeExtension(table, 'encrypted_client_hello', extensions, 'HelloRetryRequest')
    return given !== undefined && equalBytes(given, retryConfirmation(suite.hash, offer.random, offer.raw, hello))
  }

  /** The end of a handshake with the outer hello: it was only good for learning what to do next (section 6.1.6). */
  refused(): TlsError {
    const { retryConfigs } = this.#refusal
    const usable = retryConfigs && decodeEchConfigList(retryConfigs).length > 0 ? retryConfigs : undefined
    const next = usable ? 'connect again with the keys in echRetryConfigs' : 'it says that it has no ECH: connect again without, if the name may be seen'
    return new TlsError('ech_required', `${this.#chosen.publicName} did not take the encrypted ClientHello; ${next}`, {
      ...(usable && { echRetryConfigs: usable }),
    })
  }
}

/** For the outer hello: the public name, and nothing that tells who is behind it or that an application could take for success
 * (section 6.1.7). */
const publicConfig = (config: ClientConfig, publicName: string): ClientConfig => ({
  ...config,
  serverName: publicName,
  sendServerName: true,
  psks: [],
  session: undefined,
  sessions: undefined,
  identitiesFor: () => [],
  verifyConnection: undefined,
  falseStart: false,
})

/** Never referred to: what differs by its nature. */
const ownTypes: ReadonlySet<number> = new Set([
  extensionTypes.server_name, extensionTypes.encrypted_client_hello, extensionTypes.pre_shared_key,
])

/** Types whose extensions are the same in both, and come in the same order. */
const sharedTypes = (inner: readonly RawExtension[], outer: readonly RawExtension[]): ReadonlySet<number> => {
  const shared = new Set<number>()
  let next = 0
  for (const { type, data } of inner) {
    const at = outer.findIndex((extension, index) => index >= next && extension.type === type && equalBytes(extension.data, data))
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
const greasePsk = ({ provider }: ClientConfig, { psks }: HelloParts): readonly RawExtension[] => {
  if (psks.length === 0) return []
  const age = (): number => decode(u32, provider.random(4), 'obfuscated_ticket_age')
  return encodeExtensions(clientHelloExtensions, {
    pre_shared_key: {
      identities: psks.map(({ identity }) => ({ identity: provider.random(identity.length), obfuscatedTicketAge: age() })),
      binders: psks.map(({ suite }) => provider.random(suite.hash.outputLength)),
    },
  })
}
