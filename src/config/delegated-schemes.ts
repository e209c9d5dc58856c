// `certificates.delegatedCredentials`: what keys of delegated credentials may sign with.

import { activeSchemes } from './common.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import type { CertificateOptions } from '../options.ts'
import type { SignatureScheme } from '../wire/registry.ts'
import { mayDelegateTo } from '../x509/delegated-credential.ts'

/** RFC 9345 section 4: not the schemes of rsaEncryption keys. */
export const delegatedSchemes = (
  { delegatedCredentials: asked = false }: CertificateOptions,
  provider: CryptoProvider,
  schemes: readonly SignatureScheme[],
): readonly SignatureScheme[] => {
  if (typeof asked === 'boolean') return asked ? schemes.filter(mayDelegateTo) : []
  const named = activeSchemes(asked, provider, false, 'certificates.delegatedCredentials')
  const unfit = named.find((scheme) => !mayDelegateTo(scheme))
  if (unfit)
    throw new TlsError(
      'bad_option',
      `certificates.delegatedCredentials: ${unfit.name} is not for credentials (RFC 9345 section 4)`,
    )
  return named
}
