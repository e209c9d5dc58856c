// LDAP (RFC 4511 section 4.14): the extended operation StartTLS.

import type { ClearStream } from '../byte-stream.ts'
import { TlsError } from '../../errors.ts'
import { DerReader } from '../../wire/der.ts'
import { notOffered, notSpoken } from './protocol.ts'

/** LDAPMessage 1, ExtendedRequest of 1.3.6.1.4.1.1466.20037. */
const request = Buffer.concat([
  Buffer.from([0x30, 29, 2, 1, 1, 0x77, 24, 0x80, 22]),
  Buffer.from('1.3.6.1.4.1.1466.20037'),
])

export const ldap = async (clear: ClearStream): Promise<void> => {
  await clear.write(request)
  const message = await clear.until(elementLength)
  const code = resultCode(message)
  if (code === undefined) throw notSpoken('LDAP', message.toString('latin1').replace(/[^ -~]/g, '.'))
  if (code !== 0) throw notOffered('LDAP', resultNames[code] ?? `result code ${code}`)
}

const resultNames: Readonly<Record<number, string>> = {
  1: 'operationsError',
  2: 'protocolError',
  8: 'strongerAuthRequired',
  13: 'confidentialityRequired',
  52: 'unavailable',
  53: 'unwillingToPerform',
}

/** The length of a BER element, once its header is there; of invalid bytes, all of them. */
const elementLength = (bytes: Buffer): number | undefined => {
  if (bytes.length < 2) return undefined
  const [tag = 0, first = 0] = bytes
  if (tag !== 0x30) return bytes.length
  if (first < 0x80) return bytes.length < 2 + first ? undefined : 2 + first
  const octets = first & 0x7f
  if (octets === 0 || octets > 4) return bytes.length
  if (bytes.length < 2 + octets) return undefined
  const end = 2 + octets + bytes.readUIntBE(2, octets)
  return bytes.length < end ? undefined : end
}

/** Of an ExtendedResponse; undefined if it is none. */
const resultCode = (message: Uint8Array): number | undefined => {
  try {
    const sequence = DerReader.tolerant(new Uint8Array(message), 'decode_error', 'LDAP message', []).sequence(
      'LDAPMessage',
    )
    sequence.smallInteger('messageID')
    const body = sequence.content(0x78, 'ExtendedResponse')
    return body[0] === 10 && body[1] === 1 ? body[2] : undefined
  } catch (error) {
    if (error instanceof TlsError) return undefined
    throw error
  }
}
