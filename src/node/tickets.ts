// Session tickets under keys in the forms that OpenSSL's users share. 48 bytes, as node:tls has them: name, key of the
// HMAC and key of AES-128, 16 bytes each; 80 bytes, as OpenSSL and nginx have them: name, 16 bytes, key of the HMAC and
// key of AES-256, 32 each. A ticket is name || IV || AES-CBC(SSL_SESSION) || HMAC-SHA-256 (RFC 5077 section 4).

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import { andThen } from '../crypto/maybe.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { TicketProtector } from '../session/interfaces.ts'
import { bytesOfView } from './node-errors.ts'
import { fromOpenSsl, toOpenSsl } from './openssl-sessions.ts'
import type { SessionRules } from './openssl-sessions.ts'

/** Lengths of ticketKeys, bytes. */
export const ticketKeyLengths: readonly number[] = [48, 80]

const NAME_LENGTH = 16
const IV_LENGTH = 16
const MAC_LENGTH = 32

interface TicketKey {
  readonly name: Buffer
  readonly mac: KeyObject
  readonly cipher: KeyObject
  readonly algorithm: string
}

/** The keys of one secure context. */
export class TicketKeys {
  readonly #provider: CryptoProvider
  #keys: Buffer | undefined
  #parts: TicketKey | undefined

  constructor(provider: CryptoProvider) {
    this.#provider = provider
  }

  /** As they were set; random ones of 48 bytes, if none were. */
  get(): Buffer<ArrayBuffer> {
    this.#keys ??= randomBytes(48)
    return Buffer.from(this.#keys)
  }

  /** 48 or 80 bytes. */
  set(keys: NodeJS.ArrayBufferView): void {
    this.#keys = Buffer.from(bytesOfView(keys))
    this.#parts = undefined
  }

  protector(rules: SessionRules): TicketProtector {
    return {
      seal: (session) => andThen(toOpenSsl(session, rules), (sslSession) => this.#seal(sslSession)),
      open: (ticket, _time, request) => {
        const sslSession = this.#open(ticket)
        return sslSession && request && fromOpenSsl(sslSession, rules, request)
      },
    }
  }

  /** Key objects, which are made once: as bytes a key costs more than what it seals. */
  get #used(): TicketKey {
    if (this.#parts) return this.#parts
    const keys = this.get()
    const half = (keys.length - NAME_LENGTH) / 2
    return (this.#parts = {
      name: keys.subarray(0, NAME_LENGTH),
      mac: createSecretKey(keys.subarray(NAME_LENGTH, NAME_LENGTH + half)),
      cipher: createSecretKey(keys.subarray(NAME_LENGTH + half)),
      algorithm: `aes-${half * 8}-cbc`,
    })
  }

  #seal(session: Uint8Array): Uint8Array {
    const { name, mac, cipher, algorithm } = this.#used
    const iv = this.#provider.random(IV_LENGTH)
    const encrypter = createCipheriv(algorithm, cipher, iv)
    const head = Buffer.concat([name, iv, encrypter.update(session), encrypter.final()])
    return new Uint8Array(Buffer.concat([head, macOf(mac, head)]))
  }

  #open(ticket: Uint8Array): Uint8Array | undefined {
    const { name, mac, cipher, algorithm } = this.#used
    const bytes = Buffer.from(ticket.buffer, ticket.byteOffset, ticket.byteLength)
    if (bytes.length < NAME_LENGTH + IV_LENGTH + MAC_LENGTH || !bytes.subarray(0, NAME_LENGTH).equals(name)) {
      return undefined
    }
    const head = bytes.subarray(0, bytes.length - MAC_LENGTH)
    if (!timingSafeEqual(macOf(mac, head), bytes.subarray(head.length))) return undefined
    const start = NAME_LENGTH + IV_LENGTH
    try {
      const decrypter = createDecipheriv(algorithm, cipher, head.subarray(NAME_LENGTH, start))
      return new Uint8Array(Buffer.concat([decrypter.update(head.subarray(start)), decrypter.final()]))
    } catch {
      return undefined
    }
  }
}

const macOf = (key: KeyObject, head: Uint8Array): Buffer<ArrayBuffer> => createHmac('sha256', key).update(head).digest()
