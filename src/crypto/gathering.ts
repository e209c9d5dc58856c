// Keys that encrypt from the caller's bytes without a copy (AeadKey.sealGathered): those of the synchronous providers.

import type { AeadKey } from './provider.ts'

/**
 * The key with its sealGathered(), which is not enumerable: whoever wraps a key by spreading it replaces seal(), and
 * must see every record.
 */
export const gatheringKey = (key: AeadKey, sealGathered: NonNullable<AeadKey['sealGathered']>): AeadKey =>
  Object.defineProperty(key, 'sealGathered', { value: sealGathered })
