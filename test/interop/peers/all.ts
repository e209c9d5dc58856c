// Every peer there is, in the order in which the tests name them.

import type { Peer } from '../peer.ts'
import { gnutls } from './gnutls.ts'
import { go } from './go.ts'
import { java } from './java.ts'
import { nodeTls } from './node-tls.ts'
import { openssl } from './openssl.ts'
import { python } from './python.ts'

export const peers: readonly Peer[] = [openssl, nodeTls, go, gnutls, java, python]
