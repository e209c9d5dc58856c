// Public key pins (RFC 7469 section 2.4 has the format): a path passes if one of its keys is pinned. A PathCheck for
// the `checks` option of the verifier, on top of ordinary verification.

import { checkOptions } from '../checked-options.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { sha256From } from '../crypto/sha256.ts'
import { TlsError } from '../errors.ts'
import { decodeBase64, encodeBase64 } from '../wire/pem.ts'
import type { Certificate } from './certificate.ts'
import { withFingerprint } from './fingerprint.ts'
import type { PathCheck, PathCheckRequest } from './options.ts'
import { describe, reject } from './rejection.ts'

export interface PinCheckOptions {
  /** "sha256/" and the base64 of the SHA-256 of a SubjectPublicKeyInfo. One match is enough: give a spare one. */
  readonly pins: readonly string[]
  /** Which keys are looked at. Default `chain`: any from the leaf to the anchor. */
  readonly where?: 'leaf' | 'chain'
}

/** Throws TlsError `bad_option` for an invalid pin; the check throws a CertificateError with reason `refused`. */
export const pinCheck = (options: PinCheckOptions): PathCheck => {
  checkOptions(options, { pins: 'list', where: ['leaf', 'chain'] }, { required: ['pins'] })
  const { pins, where = 'chain' } = options
  if (pins.length === 0) throw new TlsError('bad_option', 'pins: an empty list would refuse every peer')
  const wanted = new Set(pins.map(checkedPin))
  // A generator, as all checks are, though it never waits.
  return withFingerprint(
    function* ({ path, anchor, provider }: PathCheckRequest) {
      const [leaf] = path
      if (leaf === undefined) return
      const keys = where === 'leaf' ? [leaf.spki] : [...path.map(({ spki }) => spki), anchor.spki]
      const found = [...new Set(keys.map((spki) => pinOf(spki, provider)))]
      if (found.some((pin) => wanted.has(pin))) return
      reject('refused', `no key of the chain of ${describe(leaf)} is pinned; it has ${found.join(', ')}`, leaf)
    },
    'pins',
    { pins: wanted, where },
  )
}

/** The pin of a certificate's key: "sha256/...". */
export const spkiPin = ({ spki }: Pick<Certificate, 'spki'>, provider: CryptoProvider): string => pinOf(spki, provider)

const pinOf = (spki: Uint8Array, provider: CryptoProvider): string =>
  `sha256/${encodeBase64(sha256From(provider).digest(spki))}`

const checkedPin = (pin: string): string => {
  const [, base64 = ''] = /^sha256\/(.*)$/s.exec(pin) ?? []
  if (decodeBase64(base64)?.length === 32) return pin
  throw new TlsError('bad_option', `pins: "${pin}" is not "sha256/" and the base64 of 32 bytes`)
}
