// Pre-shared keys as pskCallback gives them: any length, for both versions.

import type { ExternalPsk } from '../options.ts'
import {
  checkObject,
  checkString,
  checkView,
  bytesOfView,
  invalidArgType,
  invalidArgValue,
  isView,
} from './node-errors.ts'

/** Bytes that OpenSSL takes at the most. */
const MAX_PSK = 512
const MAX_IDENTITY = 256

/** Keys of pskCallback may be short, as in node:tls; that is the caller's risk. */
export const legacyPsk = (psk: ExternalPsk): ExternalPsk => ({ ...psk, allowShort: true })

/** A client's answer; undefined for none. Throws ERR_INVALID_ARG_TYPE and ERR_INVALID_ARG_VALUE. */
export const clientPsk = (answer: unknown): ExternalPsk | undefined => {
  if (answer === null || answer === undefined) return undefined
  checkObject(answer, 'ret')
  const psk: unknown = Reflect.get(answer, 'psk')
  checkView(psk, 'psk')
  if (psk.byteLength > MAX_PSK) throw invalidArgValue('psk', psk, `Pre-shared key exceeds ${MAX_PSK} bytes`)
  const identity: unknown = Reflect.get(answer, 'identity')
  checkString(identity, 'identity')
  if (Buffer.byteLength(identity) > MAX_IDENTITY)
    throw invalidArgValue('identity', identity, `PSK identity exceeds ${MAX_IDENTITY} bytes`)
  return { identity, key: new Uint8Array(bytesOfView(psk)) }
}

/** A server's answer; undefined for an identity that it does not know. */
export const serverPsk = (answer: unknown): { readonly key: Uint8Array; readonly allowShort: true } | undefined => {
  if (answer === null || answer === undefined) return undefined
  if (!isView(answer) && typeof answer !== 'object')
    throw invalidArgType('ret', ['Object', 'Buffer', 'TypedArray', 'DataView'], answer)
  const psk: unknown = isView(answer) ? answer : Reflect.get(answer, 'psk')
  checkView(psk, 'psk')
  if (psk.byteLength > MAX_PSK) throw invalidArgValue('psk', psk, `Pre-shared key exceeds ${MAX_PSK} bytes`)
  return { key: new Uint8Array(bytesOfView(psk)), allowShort: true }
}
