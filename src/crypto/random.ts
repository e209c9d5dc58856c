// Random bytes of the runtime's CSPRNG, for the noble and webcrypto providers.

import { TlsError } from '../errors.ts'

/** getRandomValues gives no more at once. */
const chunkLength = 65536

export const randomBytes = (length: number): Uint8Array => {
  const { crypto } = globalThis
  if (typeof crypto?.getRandomValues !== 'function') {
    throw new TlsError('unsupported', 'this runtime has no crypto.getRandomValues: load a polyfill for it first')
  }
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += chunkLength) crypto.getRandomValues(bytes.subarray(at, at + chunkLength))
  return bytes
}
