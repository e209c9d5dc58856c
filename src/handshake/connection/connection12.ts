// One set of TLS 1.2 keys: ChangeCipherSpec and Finished both ways, exporter and channel bindings (RFC 5246 section
// 7.1, 7.4.9, RFC 5705, RFC 5929). Renegotiation makes a new one.

import type { ActiveSuite, CommonConfig } from '../../config.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import { exportKey12, extendedMasterSecret, keyBlock, masterSecret, verifyData12 } from '../../keys/prf12.ts'
import type { MasterSecret } from '../../keys/prf12.ts'
import { keyLengths, opener12, sealer12 } from '../../record/protect12.ts'
import type { Protection12 } from '../../record/protect12.ts'
import type { Messages12 } from '../../wire/messages.ts'
import { checkFinished } from '../auth/authentication.ts'
import type { Authentication, Proofs, VerifiedFinished, VerifiedPeer } from '../auth/authentication.ts'
import { channelBinding } from './channel-binding.ts'
import type { ChannelBindingType } from './channel-binding.ts'
import type { AnyHandshake, Established, Handshake } from '../context.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type { ConnectionInfo } from '../../info.ts'
import type { TrafficKeys } from '../../traffic-secrets.ts'

/** What the two hellos settled. */
export interface Parameters12 {
  readonly role: 'client' | 'server'
  readonly suite: ActiveSuite
  readonly clientRandom: Uint8Array
  readonly serverRandom: Uint8Array
  readonly extendedMasterSecret: boolean
  readonly encryptThenMac: boolean
  /**
   * This handshake or one before it in the connection had encrypt-then-MAC: it cannot be given up (RFC 7366 section
   * 3.1).
   */
  readonly keepsEncryptThenMac: boolean
  /** RFC 5746: both sent renegotiation_info, or its SCSV. */
  readonly secureRenegotiation: boolean
  /** The protocol of the first handshake: a renegotiation changes nothing. */
  readonly alpn: string | undefined
  /** Most bytes of content in a record that we take. */
  readonly maxPlaintext: number
}

export class Connection12 {
  readonly #hs: Handshake<CommonConfig, Messages12>
  readonly #keys: ReturnType<typeof keyBlock>
  readonly #protection: Protection12
  readonly parameters: Parameters12
  readonly master: MasterSecret
  /** The server's leaf certificate (DER): a renegotiation must not change it. */
  readonly serverCertificate: Uint8Array | undefined
  /** Client: the server as it was verified in this connection; undefined where a session vouched for it. */
  readonly verifiedServer: VerifiedPeer | undefined
  /** verify_data of the two Finished, for renegotiation_info and tls-unique; set as each goes by. */
  clientVerifyData: Uint8Array = new Uint8Array(0)
  serverVerifyData: Uint8Array = new Uint8Array(0)
  #first: 'client' | 'server' | undefined

  constructor(
    hs: Handshake<CommonConfig, Messages12>,
    parameters: Parameters12,
    master: MasterSecret,
    server: VerifiedPeer | Uint8Array | undefined,
  ) {
    const { suite, clientRandom, serverRandom } = parameters
    this.#hs = hs
    this.parameters = parameters
    this.master = master
    this.verifiedServer = server instanceof Uint8Array ? undefined : server
    this.serverCertificate = server instanceof Uint8Array ? server : server?.certificates[0]
    this.#protection = protectionOf(hs.config, parameters)
    this.#keys = keyBlock(master, clientRandom, serverRandom, keyLengths(this.#protection))
    hs.keyLog('CLIENT_RANDOM', master.secret)
    if (suite.version !== 'TLS 1.2') throw new TlsError('internal_error', `${suite.name} is not a suite of TLS 1.2`)
  }

  /** [ChangeCipherSpec] goes out, and the next record is under the new keys. */
  *changeWrite(): Flow<void> {
    const { role } = this.parameters
    const sealer = yield* use(sealer12(this.#protection, this.#keys[role]))
    this.#hs.io.sendChangeCipherSpec()
    this.#hs.io.installWrite(sealer)
  }

  /** [ChangeCipherSpec] comes, and the next record is under the new keys. */
  *changeRead(): Flow<void> {
    const { role, maxPlaintext } = this.parameters
    const opener = yield* use(opener12(this.#protection, this.#keys[other(role)], maxPlaintext))
    yield* this.#hs.receiveChangeCipherSpec()
    this.#hs.io.installRead(opener)
  }

  sendFinished(): void {
    const { role } = this.parameters
    const verifyData = verifyData12(this.master, role, this.#hs.transcript.hash())
    this.#saw(role, verifyData)
    this.#hs.send('Finished', { verifyData })
  }

  *readFinished(): Flow<VerifiedFinished> {
    const peer = other(this.parameters.role)
    const expected = verifyData12(this.master, peer, this.#hs.transcript.hash())
    const { verifyData } = yield* this.#hs.read('Finished')
    const verified = checkFinished(verifyData, expected)
    this.#saw(peer, expected)
    return verified
  }

  #saw(sender: 'client' | 'server', verifyData: Uint8Array): void {
    this.#first ??= sender
    if (sender === 'client') this.clientVerifyData = verifyData
    else this.serverVerifyData = verifyData
  }

  /** tls-unique (RFC 5929 section 3.1); without the extended master secret it binds nothing (RFC 7627 section 5.4). */
  get firstFinished(): Uint8Array | undefined {
    if (!this.parameters.extendedMasterSecret) return undefined
    return this.#first === 'client' ? this.clientVerifyData : this.serverVerifyData
  }

  get provider(): CryptoProvider {
    return this.#hs.config.provider
  }

  trafficKeys(): TrafficKeys {
    const { role, suite, encryptThenMac, clientRandom, serverRandom } = this.parameters
    const keys = keyBlock(this.master, clientRandom, serverRandom, keyLengths(this.#protection))
    const [read, write] = [keys[other(role)], keys[role]]
    return {
      version: 'TLS 1.2',
      cipherSuite: suite.name,
      encryptThenMac,
      read: { secret: undefined, ...read },
      write: { secret: undefined, ...write },
    }
  }

  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Uint8Array {
    const { clientRandom, serverRandom } = this.parameters
    if (!this.parameters.extendedMasterSecret) {
      throw new TlsError(
        'unsupported',
        'no keying material is exported without the extended master secret, which the peer does not have (RFC 7627 ' +
          'section 5.4)',
      )
    }
    return exportKey12(this.master, clientRandom, serverRandom, label, context, length)
  }
}

const other = (role: 'client' | 'server'): 'client' | 'server' => (role === 'client' ? 'server' : 'client')

const protectionOf = ({ provider }: CommonConfig, { suite, encryptThenMac }: Parameters12): Protection12 => ({
  cipher: suite.cipher,
  mac: suite.mac && provider.hashes[suite.mac],
  encryptThenMac,
  random: (length) => provider.random(length),
})

/** RFC 7627 section 4 where both have it; the transcript ends with ClientKeyExchange then. */
export const deriveMaster = (hs: AnyHandshake, parameters: Parameters12, premaster: Uint8Array): MasterSecret => {
  const { suite, clientRandom, serverRandom } = parameters
  return parameters.extendedMasterSecret
    ? extendedMasterSecret(suite.hash, premaster, hs.transcript.hash())
    : masterSecret(suite.hash, premaster, clientRandom, serverRandom)
}

/** A handshake that was finished: the first one, or the latest after renegotiation. `A`: what the peer had to prove. */
export interface Negotiated12<A extends Authentication> {
  readonly connection: Connection12
  readonly proofs: Proofs<A>
  readonly info: ConnectionInfo
}

/** Where the connection stands; renegotiation moves it on. */
export interface Current12<A extends Authentication> {
  negotiated: Negotiated12<A>
}

/**
 * The end of the handshake: there is none without the proofs of who the peer is, and that both saw the same messages.
 */
export const establish12 = <A extends Authentication>(current: Current12<A>, after: After12): Established =>
  new Established12(current, after)

/** What goes on after it. */
export type After12 = Pick<Established, 'postHandshake' | 'renegotiate'>

/** A class, as that of TLS 1.3: an object of functions would be larger. */
class Established12 implements Established {
  readonly postHandshake: Established['postHandshake']
  readonly renegotiate?: NonNullable<Established['renegotiate']>
  readonly #current: Current12<Authentication>

  constructor(current: Current12<Authentication>, { postHandshake, renegotiate }: After12) {
    this.#current = current
    this.postHandshake = postHandshake
    if (renegotiate) this.renegotiate = renegotiate
  }

  get info(): ConnectionInfo {
    return this.#current.negotiated.info
  }

  get #connection(): Connection12 {
    return this.#current.negotiated.connection
  }

  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Uint8Array {
    return this.#connection.exportKeyingMaterial(length, label, context)
  }

  channelBinding(type: ChannelBindingType): Uint8Array {
    return channelBinding(type, this.#connection)
  }

  trafficKeys(): TrafficKeys {
    return this.#connection.trafficKeys()
  }
}
