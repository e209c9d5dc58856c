// Certificates that say that they come with a stapled OCSP response (RFC 7633).

import type { Certificate } from './certificate.ts'
import { purposeOids } from './oids.ts'

/** The TLS feature status_request (section 4.1). */
const STATUS_REQUEST = 5

/** Clients are not asked for one in general, so this counts for certificates of servers. */
export const asksForStaple = ({ tlsFeatures, extendedKeyUsage }: Certificate): boolean =>
  tlsFeatures?.includes(STATUS_REQUEST) === true && extendedKeyUsage?.includes(purposeOids.serverAuth) !== false
