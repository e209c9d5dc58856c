// Session tickets under 48-byte keys in the form that OpenSSL's users share (node:tls, nginx): name, key of the HMAC
// and key of AES, 16 bytes each. A ticket is name || IV || AES-128-CBC(session) || HMAC-SHA-256 (RFC 5077 section 4).

import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

import type { CryptoProvider } from '../crypto/provider.ts'
import type { TicketProtector } from '../session/interfaces.ts'
import { bytesOfView } from './node-errors.ts'

const KEYS_LENGTH = 48
const PART = 16
const MAC_LENGTH = 32

/** The keys of one secure context. */
export class TicketKeys {
  readonly #provider: CryptoProvider
  #keys: Buffer | undefined
  #context = ''

  constructor(provider: CryptoProvider) {
    this.#provider = provider
  }

  /** 48 bytes; random ones, if none were set. */
  get(): Buffer<ArrayBuffer> {
    this.#keys ??= randomBytes(KEYS_LENGTH)
    return Buffer.from(this.#keys)
  }

  set(keys: NodeJS.ArrayBufferView): void {
    this.#keys = Buffer.from(bytesOfView(keys))
  }

  /** sessionIdContext: a session is continued only where it is the same. */
  bindTo(context: string): void {
    this.#context = context
  }

  get protector(): TicketProtector {
    return {
      seal: (session) => this.#seal(session),
      open: (ticket) => this.#open(ticket),
    }
  }

  #seal(session: Uint8Array): Uint8Array {
    const keys = this.get()
    const iv = this.#provider.random(PART)
    const cipher = createCipheriv('aes-128-cbc', keys.subarray(2 * PART), iv)
    const context = Buffer.from(this.#context)
    const length = Uint8Array.of(context.length)
    const sealed = [cipher.update(length), cipher.update(context), cipher.update(session), cipher.final()]
    const head = Buffer.concat([keys.subarray(0, PART), iv, ...sealed])
    return new Uint8Array(Buffer.concat([head, macOf(keys, head)]))
  }

  #open(ticket: Uint8Array): Uint8Array | undefined {
    const keys = this.get()
    const bytes = Buffer.from(ticket.buffer, ticket.byteOffset, ticket.byteLength)
    if (bytes.length < 3 * PART + MAC_LENGTH || !bytes.subarray(0, PART).equals(keys.subarray(0, PART)))
      return undefined
    const head = bytes.subarray(0, bytes.length - MAC_LENGTH)
    if (!timingSafeEqual(macOf(keys, head), bytes.subarray(head.length))) return undefined
    try {
      const decipher = createDecipheriv('aes-128-cbc', keys.subarray(2 * PART), head.subarray(PART, 2 * PART))
      const opened = Buffer.concat([decipher.update(head.subarray(2 * PART)), decipher.final()])
      const length = opened[0] ?? 0
      if (opened.toString('utf8', 1, 1 + length) !== this.#context) return undefined
      return new Uint8Array(opened.subarray(1 + length))
    } catch {
      return undefined
    }
  }
}

const macOf = (keys: Buffer, head: Uint8Array): Buffer<ArrayBuffer> =>
  createHmac('sha256', keys.subarray(PART, 2 * PART))
    .update(head)
    .digest()
