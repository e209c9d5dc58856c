// `psk.required`: what is left of a client's config.

import { versionNumber } from './common.ts'
import type { CommonConfig } from './types.ts'
import { TlsError } from '../errors.ts'
import type { ExternalPskConfig } from '../psk.ts'

/**
 * What is left where the server has to prove an external key: in TLS 1.2, the suites with PSK (RFC 4279, RFC 5489), and
 * no key that is for the importer; in TLS 1.3, every suite, and no key without an identity. */
export const onlyWithPsk = (
  common: CommonConfig,
  psks: readonly Pick<ExternalPskConfig, 'identity' | 'imported'>[],
): CommonConfig => {
  const with12 = psks.some(({ imported }) => !imported)
  const with13 = psks.some(({ identity }) => identity.length > 0)
  const suites = common.suites.filter(({ version, authentication }) =>
    version === 'TLS 1.3' ? with13 : with12 && authentication === 'psk',
  )
  if (suites.length === 0)
    throw new TlsError('bad_option', 'psk.required: psk.keys has no key for the versions and cipher suites given')
  const spoken = suites.map(({ version }) => versionNumber(version))
  return { ...common, suites, minVersion: Math.min(...spoken), maxVersion: Math.max(...spoken) }
}
