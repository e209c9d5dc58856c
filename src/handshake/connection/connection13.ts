// What is left of a TLS 1.3 handshake once it is done: the application secrets, key updates, exporters and the
// resumption secret (RFC 9846 section 4.7.3, 7.2 and 7.5).

import type { ActiveSuite, CommonConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { exportKey, nextTrafficSecret, resumptionPsk, trafficKeys } from '../../keys/schedule13.ts'
import type { MasterStage, TrafficSecret } from '../../keys/schedule13.ts'
import type { Sealer } from '../../record/protection.ts'
import type { Messages13 } from '../../wire/messages.ts'
import type { ClientAuthentication, Proofs, ServerAuthentication } from '../auth/authentication.ts'
import { channelBinding } from './channel-binding.ts'
import type { ChannelBindingType } from './channel-binding.ts'
import type { Established, Handshake } from '../context.ts'
import type { ConnectionInfo } from '../../info.ts'
import type { TrafficKeys } from '../../traffic-secrets.ts'
import type { Flow } from '../flow.ts'
import { installRead13, installWrite13 } from '../keys13.ts'

export type Role = 'client' | 'server'
/** What the peer of this role has to prove. */
export type PeerOf<R extends Role> = R extends 'client' ? ServerAuthentication : ClientAuthentication

export interface ConnectionSecrets<R extends Role> {
  readonly read: TrafficSecret
  readonly write: TrafficSecret
  readonly exporter: Uint8Array
  /** resumption_master_secret; the server has it only once the client's Finished came. */
  readonly resumption: Uint8Array
  readonly role: R
  /** The server's leaf certificate (DER), for tls-server-end-point; undefined without one. */
  readonly serverCertificate: Uint8Array | undefined
}

/** What goes on after the handshake. */
export interface AfterHandshake {
  readonly flow: Flow<void>
  /** A later handshake in the connection goes on from the hash of this one (section 4.7.2). */
  readonly forksTranscript: boolean
  readonly requestCertificate?: () => Flow<void>
}

class Established13 implements Established {
  readonly info: ConnectionInfo
  readonly postHandshake: Flow<void>
  readonly requestCertificate: (() => Flow<void>) | undefined
  readonly #connection: Connection13

  constructor(connection: Connection13, info: ConnectionInfo, { flow, requestCertificate }: AfterHandshake) {
    this.#connection = connection
    this.info = info
    this.postHandshake = flow
    this.requestCertificate = requestCertificate
  }

  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Uint8Array {
    return this.#connection.exportKeyingMaterial(length, label, context)
  }

  channelBinding(type: ChannelBindingType): Uint8Array {
    return this.#connection.channelBinding(type)
  }

  trafficKeys(): TrafficKeys {
    return this.#connection.trafficKeys()
  }

  updateKeys(requestPeer: boolean): Flow<void> {
    return this.#connection.updateWrite(requestPeer)
  }
}

export class Connection13<R extends Role = Role> {
  readonly #hs: Handshake<CommonConfig, Messages13>
  readonly suite: ActiveSuite
  readonly #secrets: ConnectionSecrets<R>
  #read: TrafficSecret
  #write: TrafficSecret
  /** What answered the peer's last request for new keys. */
  #answer: Sealer | undefined
  /** KeyUpdates that were sent; those of the peer are not counted (section 4.7.3). */
  #updates = 0
  /** An answer waits for its turn to be written. */
  #answering = false
  /** The peer was asked for new keys, and has not sent any since. */
  #asked = false

  constructor(hs: Handshake<CommonConfig, Messages13>, suite: ActiveSuite, secrets: ConnectionSecrets<R>) {
    this.#hs = hs
    this.suite = suite
    this.#secrets = secrets
    this.#read = secrets.read
    this.#write = secrets.write
  }

  logSecrets(master: MasterStage): void {
    this.#hs.keyLog('CLIENT_TRAFFIC_SECRET_0', master.client.secret)
    this.#hs.keyLog('SERVER_TRAFFIC_SECRET_0', master.server.secret)
    this.#hs.keyLog('EXPORTER_SECRET', master.exporter)
  }

  /**
   * The end of the handshake: there is none without the proofs of who the peer is, and that both saw the same messages.
   */
  establish(_proofs: Proofs<PeerOf<R>>, info: ConnectionInfo, after: AfterHandshake): Established {
    this.#hs.end(after.forksTranscript)
    return new Established13(this, info, after)
  }

  trafficKeys(): TrafficKeys {
    return {
      version: 'TLS 1.3',
      cipherSuite: this.suite.name,
      encryptThenMac: false,
      read: this.#keysOf(this.#read),
      write: this.#keysOf(this.#write),
    }
  }

  channelBinding(type: ChannelBindingType): Uint8Array {
    return channelBinding(type, {
      provider: this.#hs.config.provider,
      exportKeyingMaterial: (length, label, context) => this.exportKeyingMaterial(length, label, context),
      serverCertificate: this.#secrets.serverCertificate,
      firstFinished: undefined,
    })
  }

  #keysOf(secret: TrafficSecret): TrafficKeys['read'] {
    const { key, iv } = trafficKeys(secret, this.suite.cipher.keyLength)
    return { secret: secret.secret.slice(), key, iv, macKey: new Uint8Array(0) }
  }

  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Uint8Array {
    return exportKey(this.suite.hash, this.#secrets.exporter, label, context ?? new Uint8Array(0), length)
  }

  /** The PSK that a ticket with this nonce stands for (section 4.7.1). */
  ticketPsk(nonce: Uint8Array): Uint8Array {
    return resumptionPsk(this.suite.hash, this.#secrets.resumption, nonce)
  }

  get finishedBase(): { readonly read: TrafficSecret; readonly write: TrafficSecret } {
    return { read: this.#read, write: this.#write }
  }

  /**
   * Sends KeyUpdate under the old key and goes on with the next. The peer is not asked for new keys again before it has
   * answered (section 4.7.3). */
  *updateWrite(requestPeer: boolean): Flow<void> {
    const asks = requestPeer && !this.#asked
    this.#asked ||= asks
    if (asks) this.#hs.io.expectMessages(1)
    yield* this.#update(asks)
  }

  *#update(requestUpdate: boolean): Flow<Sealer> {
    if (!this.#mayUpdate) {
      throw new TlsError('key_limit_reached', 'the keys were changed as often as they may be: open a new connection')
    }
    this.#updates++
    const next = nextTrafficSecret(this.#write)
    const sealer = yield* installWrite13(this.#hs, this.suite, next, () => {
      this.#hs.send('KeyUpdate', { requestUpdate }, false)
    })
    this.#write = next
    this.#hs.io.emit({ type: 'keyUpdate', direction: 'write' })
    return sealer
  }

  /**
   * The peer's KeyUpdate came: its next record is under the next key. If it asks for new keys of ours, it gets them
   * once, until something was sent under them (section 4.7.3). */
  *readKeyUpdate(requested: boolean): Flow<void> {
    this.#asked = false
    this.#read = nextTrafficSecret(this.#read)
    yield* installRead13(this.#hs, this.suite, this.#read)
    this.#hs.io.emit({ type: 'keyUpdate', direction: 'read' })
    if (requested && this.#mayUpdate && !this.#answering && this.#answer?.count !== 0) this.#answerKeyUpdate()
  }

  get #mayUpdate(): boolean {
    return this.#updates < this.#hs.config.maxKeyUpdates
  }

  #answerKeyUpdate(): void {
    this.#answering = true
    this.#hs.io.inOrder(() => this.#sendAnswer())
  }

  *#sendAnswer(): Flow<void> {
    this.#answer = yield* this.#update(false)
    this.#answering = false
  }
}
