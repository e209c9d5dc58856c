// What passed, in the words of BoringSSL's message callback (-expect-msg-callback): a line for each handshake message,
// alert and ChangeCipherSpec, out of the records that the library's trace shows. options.ts sets it up, shim.ts
// compares.

import type { TracedRecord } from '../../../src/options.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { contentTypes } from '../../../src/wire/registry.ts'

const CERTIFICATE_REQUEST = 13

export class MessageLog {
  text = ''
  /** The body of the last CertificateRequest that came. */
  certificateRequest: Uint8Array | undefined
  /** Part of a handshake message whose end has not come, by direction. */
  readonly #rest: Record<TracedRecord['direction'], Uint8Array> = {
    sent: new Uint8Array(0),
    received: new Uint8Array(0),
  }

  add({ direction, type, content }: TracedRecord): void {
    const who = direction === 'sent' ? 'write' : 'read'
    const [first = 0, second = 0] = content
    if (type === contentTypes.handshake)
      for (const message of this.#messages(direction, content)) this.text += `${who} hs ${message}\n`
    else if (type === contentTypes.change_cipher_spec) this.text += `${who} ccs\n`
    else if (type === contentTypes.alert) this.text += `${who} alert ${first} ${second}\n`
  }

  /** The types of the messages that are whole. */
  #messages(direction: TracedRecord['direction'], content: Uint8Array): readonly number[] {
    const types: number[] = []
    let bytes = concat(this.#rest[direction], content)
    for (;;) {
      const [type = 0, high = 0, middle = 0, low = 0] = bytes
      const end = 4 + (high << 16) + (middle << 8) + low
      if (bytes.length < 4 || bytes.length < end) break
      types.push(type)
      if (type === CERTIFICATE_REQUEST && direction === 'received') this.certificateRequest = bytes.subarray(4, end)
      bytes = bytes.subarray(end)
    }
    this.#rest[direction] = bytes
    return types
  }
}
