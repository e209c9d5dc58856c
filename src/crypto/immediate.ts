// Keys of the synchronous providers, whose callers may use memory again at once (AeadKey.immediate).

import type { AeadKey } from './provider.ts'

/**
 * A key, marked. The mark is its class's: a key that wraps this one by spreading it may keep what it is given, and does
 * not carry it. (A property that is defined as not enumerable costs as much as the key itself.)
 */
export class ImmediateKey implements AeadKey {
  readonly seal: AeadKey['seal']
  readonly open: AeadKey['open']

  constructor({ seal, open }: Pick<AeadKey, 'seal' | 'open'>) {
    this.seal = seal
    this.open = open
  }

  get immediate(): true {
    return true
  }
}
