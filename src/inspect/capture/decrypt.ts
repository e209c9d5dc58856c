// Opens the records of a captured connection with a key log (RFC 9850): follows the handshake far enough to know
// which key seals what. TLS 1.3 with early data, HelloRetryRequest, key updates and ECH; TLS 1.2 with every suite
// that the provider has.

import type { CryptoProvider } from '../../crypto/provider.ts'
import { nextTrafficSecret } from '../../keys/schedule13.ts'
import type { RawRecord } from '../../record/framing.ts'
import type { Opener } from '../../record/protection.ts'
import { concat, fromHex } from '../../wire/bytes.ts'
import { contentTypes, handshakeTypes, TLS12, TLS13, versionName } from '../../wire/registry.ts'
import { describeCipherSuite } from '../describe.ts'
import { offers, readClientHelloMessage, readServerHello } from '../hellos.ts'
import type { ConnectionSecrets, KeyLog } from '../key-log.ts'
import { splitMessages } from '../seen.ts'
import type { SeenRecord, Side } from '../seen.ts'
import { hashOf, keysOf12, openerOf12, openerOf13 } from './protection.ts'

/** A record of a captured stream. */
export interface CapturedRecord extends RawRecord {
  readonly sender: Side
  readonly wire: Uint8Array
  readonly packet: number
  readonly time: number
  /** Bytes that the capture lost somewhere before this record, in this direction. */
  readonly missing: number
}

interface Opened {
  readonly type: number
  readonly content: Uint8Array
  readonly key: string
}

interface Key {
  readonly name: string
  readonly opener: Opener | string
  readonly secret?: Uint8Array
}

/** Reading state of one direction. */
interface DirectionState {
  key: Key | undefined
  joined: Uint8Array
  generation: number
  broken: string | undefined
}

const fresh = (): DirectionState => ({ key: undefined, joined: new Uint8Array(0), generation: 0, broken: undefined })

/** Follows one connection. Give it records in the order of the capture. */
export class CaptureDecryptor {
  readonly #provider: CryptoProvider | undefined
  readonly #log: KeyLog | undefined
  readonly #sides: Readonly<Record<Side, DirectionState>> = { client: fresh(), server: fresh() }
  #secrets: ConnectionSecrets | undefined
  #clientRandom: Uint8Array = new Uint8Array(0)
  #serverRandom: Uint8Array = new Uint8Array(0)
  #version = 0
  #suite = 0
  #encryptThenMac = false
  #offersEarlyData = false
  #offersEch = false
  #earlySuites: readonly number[] = []

  constructor(log: KeyLog | undefined, provider: CryptoProvider | undefined) {
    this.#log = log
    this.#provider = provider
  }

  /** The secrets of the key log that belong to this connection, once its ClientHello was seen. */
  get secrets(): ConnectionSecrets | undefined {
    return this.#secrets
  }

  async open(record: CapturedRecord): Promise<SeenRecord> {
    const { sender, type, wire, fragment, packet, time, missing } = record
    const state = this.#sides[sender]
    const base = { sender, wire, packet, time }
    if (missing > 0) state.broken = `${missing} bytes are missing in the capture before this record`
    if (this.#isPlain(record, state)) {
      const seen: SeenRecord = {
        ...base,
        type,
        encrypted: false,
        opened: true,
        content: fragment,
        problem: missing > 0 ? state.broken : undefined,
      }
      await this.#follow(seen, state)
      return seen
    }
    const found = state.broken === undefined ? await this.#decrypt(record, state) : state.broken
    if (typeof found === 'string')
      return { ...base, type, encrypted: true, opened: false, content: fragment, key: state.key?.name, problem: found }
    const seen: SeenRecord = {
      ...base,
      type: found.type,
      encrypted: true,
      opened: true,
      content: found.content,
      key: found.key,
    }
    await this.#follow(seen, state)
    return seen
  }

  /** Before keys are in use; ChangeCipherSpec of TLS 1.3 is never sealed. */
  #isPlain({ type, sender }: CapturedRecord, state: DirectionState): boolean {
    if (this.#version === TLS13) {
      if (type === contentTypes.change_cipher_spec) return true
      return type !== contentTypes.application_data && (sender === 'client' || state.key === undefined)
    }
    return state.key === undefined && type !== contentTypes.application_data
  }

  async #decrypt(record: CapturedRecord, state: DirectionState): Promise<Opened | string> {
    if (!this.#secrets) return 'the key log has no secrets of this connection'
    if (this.#version !== 0 && this.#version < TLS12)
      return `records of ${versionName(this.#version)} are not decrypted`
    if (record.sender === 'client' && this.#version !== TLS12 && (!state.key || state.key.name === early))
      return this.#decryptEarly(record, state)
    if (!state.key) return 'no key for it is known yet'
    return tryKey(record, state.key)
  }

  /** Between ClientHello and EndOfEarlyData both keys may be in use: what was refused stays unread by the server. */
  async #decryptEarly(record: CapturedRecord, state: DirectionState): Promise<Opened | string> {
    const secret = this.#offersEarlyData ? this.#secrets?.get('CLIENT_EARLY_TRAFFIC_SECRET') : undefined
    if (secret) {
      const suites = this.#suite === 0 ? this.#earlySuites : [this.#suite]
      for (const suite of suites) {
        const key = state.key ?? { name: early, opener: await this.#opener13(suite, secret), secret }
        const opened = await tryKey(record, key)
        if (typeof opened !== 'string') {
          state.key = key
          return opened
        }
      }
    }
    const handshake = await this.#key13('CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'client_handshake_traffic_secret')
    if (!handshake)
      return this.#offersEarlyData
        ? 'early data, and the key log has no early secret'
        : 'the key log has no CLIENT_HANDSHAKE_TRAFFIC_SECRET'
    const opened = await tryKey(record, handshake)
    if (typeof opened === 'string')
      return this.#offersEarlyData && !secret ? 'early data, and the key log has no early secret' : opened
    state.key = handshake
    return opened
  }

  async #opener13(suite: number, secret: Uint8Array): Promise<Opener | string> {
    return this.#provider ? openerOf13(suite, secret, this.#provider) : 'no crypto provider was given'
  }

  async #key13(label: string, name: string): Promise<Key | undefined> {
    const secret = this.#secrets?.get(label)
    return secret && this.#suite ? { name, opener: await this.#opener13(this.#suite, secret), secret } : undefined
  }

  // ---- following the handshake

  async #follow({ type, content, sender }: SeenRecord, state: DirectionState): Promise<void> {
    if (type === contentTypes.change_cipher_spec && this.#version !== TLS13)
      return this.#changeCipherSpec(sender, state)
    if (type !== contentTypes.handshake) return
    const { messages, rest } = splitMessages(concat(state.joined, content))
    state.joined = rest
    for (const message of messages) await this.#message(message, sender, state)
  }

  async #message(raw: Uint8Array, sender: Side, state: DirectionState): Promise<void> {
    const [type] = raw
    if (type === handshakeTypes.client_hello) this.#clientHello(raw)
    else if (type === handshakeTypes.server_hello) await this.#serverHello(raw)
    else if (this.#version !== TLS13) return
    else if (type === handshakeTypes.end_of_early_data)
      state.key = await this.#key13('CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'client_handshake_traffic_secret')
    else if (type === handshakeTypes.finished && state.generation === 0 && state.key?.name.includes('handshake')) {
      const label = sender === 'client' ? 'CLIENT_TRAFFIC_SECRET_0' : 'SERVER_TRAFFIC_SECRET_0'
      const name = `${sender}_application_traffic_secret_0`
      state.key = (await this.#key13(label, name)) ?? { name, opener: `the key log has no ${label}` }
    } else if (type === handshakeTypes.key_update) await this.#keyUpdate(sender, state)
  }

  #clientHello(raw: Uint8Array): void {
    const hello = readClientHelloMessage(raw)
    if (!hello) return
    this.#clientRandom = hello.random
    this.#secrets = this.#log?.of(hello.random)
    this.#offersEarlyData = offers(hello, 'early_data')
    this.#offersEch = offers(hello, 'encrypted_client_hello')
    this.#earlySuites = hello.cipherSuites.filter((id) => describeCipherSuite(id).tls13)
  }

  async #serverHello(raw: Uint8Array): Promise<void> {
    const read = readServerHello(raw)
    if (!read) return
    this.#version = read.version
    this.#suite = read.hello.cipherSuite
    if (read.retry) return
    this.#serverRandom = read.hello.random
    this.#encryptThenMac = offers(read.hello, 'encrypt_then_mac')
    if (this.#version !== TLS13) return
    const { server } = this.#sides
    server.key = await this.#serverHandshakeKey()
  }

  async #serverHandshakeKey(): Promise<Key> {
    const name = 'server_handshake_traffic_secret'
    const key = await this.#key13('SERVER_HANDSHAKE_TRAFFIC_SECRET', name)
    return (
      key ?? {
        name,
        opener: this.#secrets
          ? 'the key log has no SERVER_HANDSHAKE_TRAFFIC_SECRET'
          : 'the key log has no secrets of this connection',
      }
    )
  }

  async #keyUpdate(sender: Side, state: DirectionState): Promise<void> {
    const hash = this.#provider && hashOf(describeCipherSuite(this.#suite), this.#provider)
    if (!state.key?.secret || !hash) return
    const { secret } = nextTrafficSecret({ hash, secret: state.key.secret })
    state.generation++
    state.key = {
      name: `${sender}_application_traffic_secret_${state.generation}`,
      opener: await this.#opener13(this.#suite, secret),
      secret,
    }
  }

  async #changeCipherSpec(sender: Side, state: DirectionState): Promise<void> {
    if (this.#version === 0) return // of a client with early data, before any answer (RFC 9846 appendix E.4)
    const name = `${sender}_write_key`
    const master = this.#secrets?.get('CLIENT_RANDOM')
    if (this.#version !== TLS12 || !master || !this.#provider) {
      const why =
        this.#version !== TLS12
          ? `records of ${versionName(this.#version)} are not decrypted`
          : 'the key log has no secrets of this connection'
      state.key = { name, opener: why }
      return
    }
    const keys = keysOf12(this.#suite, master, this.#clientRandom, this.#serverRandom, this.#provider)
    state.key = { name, opener: await openerOf12(this.#suite, keys?.[sender], this.#encryptThenMac, this.#provider) }
  }

  /** With ECH accepted, the key log goes by the random of the inner hello, which is sealed (RFC 9850 section 2.3):
   * each connection of the log is tried on the server's first sealed record. Call it with that record before
   * open(). */
  async findByTrial(record: CapturedRecord): Promise<void> {
    if (this.#secrets || !this.#offersEch || !this.#log || this.#version !== TLS13 || record.sender !== 'server') return
    if (record.type !== contentTypes.application_data) return
    for (const [random, secrets] of this.#log.connections) {
      this.#secrets = secrets
      const key = await this.#key13('SERVER_HANDSHAKE_TRAFFIC_SECRET', 'server_handshake_traffic_secret')
      if (key && typeof (await tryKey(record, key)) !== 'string') {
        this.#clientRandom = fromHex(random)
        this.#sides.server.key = await this.#serverHandshakeKey()
        return
      }
    }
    this.#secrets = undefined
  }
}

const early = 'client_early_traffic_secret'

const tryKey = async (record: RawRecord, { name, opener }: Key): Promise<Opened | string> => {
  if (typeof opener === 'string') return opener
  try {
    return { ...(await opener.open(record)), key: name }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
