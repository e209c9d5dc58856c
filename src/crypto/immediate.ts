// Keys of the synchronous providers, whose callers may use memory again at once (AeadKey.immediate).

import type { AeadKey } from './provider.ts'

/**
 * The key, marked. The mark is not enumerable: a key that wraps this one by spreading it may keep what it is given, and
 * does not carry it.
 */
export const immediateKey = (key: AeadKey): AeadKey => Object.defineProperty(key, 'immediate', { value: true })
