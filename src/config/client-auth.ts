// `clientAuth` of a server: who judges clients' certificates, and which authorities are named.

import type { ClientAuthConfig, CommonConfig, Defaults } from './types.ts'
import { TlsError } from '../errors.ts'
import { certificateListOf } from '../identities.ts'
import type { ServerOptions } from '../options.ts'
import { parseCertificate } from '../x509/certificate.ts'

export const clientAuthConfig = (
  options: ServerOptions,
  common: CommonConfig,
  defaults: Defaults,
): ClientAuthConfig | undefined => {
  const { clientAuth } = options
  if (!clientAuth) return undefined
  const { mode } = clientAuth
  const required = mode.startsWith('require')
  const inHandshake = mode !== 'after-handshake'
  const acceptPsk = clientAuth.acceptPsk ?? false
  if (required && options.psk?.lookup && !acceptPsk) {
    const why = 'a client that proves an external key shows no certificate (RFC 9846 section 4.4.2)'
    throw new TlsError(
      'bad_option',
      `clientAuth: '${mode}' together with psk: ${why}; say acceptPsk: true if the key is enough`,
    )
  }
  if (mode.endsWith('-unverified'))
    return { mode, required, inHandshake, acceptPsk, verifier: undefined, authorities: clientAuth.authorities ?? [] }
  const ca = clientAuth.ca === undefined ? undefined : certificateListOf(clientAuth.ca, 'clientAuth.ca')
  const verifier =
    clientAuth.verifier ??
    (ca && defaults.verifier?.({ provider: common.provider, authorities: ca, legacy: common.legacy }))
  if (!verifier) throw new TlsError('bad_option', 'clientAuth: ca or verifier is needed to check client certificates')
  const authorities =
    clientAuth.authorities ?? ca?.map((der) => parseCertificate(der).subject.der) ?? verifier.authorities ?? []
  return { mode, required, inHandshake, acceptPsk, verifier, authorities }
}
