// The kinds of connections that are measured, with certificates made for this process. They are plain data: a process
// of a contender gets them as messages.

import { createCa } from '../../src/pki/index.ts'
import type { Identity, Setup } from './contenders/types.ts'

const identityOf = async (key: 'ecdsa-p256' | 'rsa-2048', client = false): Promise<Identity> => {
  const ca = await createCa({ name: 'bench', key })
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'], key, client })
  return { ca: ca.certificatePem, cert: chainPem, key: privateKeyPem }
}

export const ecdsa: Identity = await identityOf('ecdsa-p256')
export const rsa = await identityOf('rsa-2048')
export const clientIdentity = await identityOf('ecdsa-p256', true)

export const full13: Setup = { version: 'TLS 1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519', identity: ecdsa }
export const full12: Setup = {
  version: 'TLS 1.2',
  suite: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  group: 'X25519',
  identity: rsa,
}
/** What subtls can do. */
export const p256: Setup = { ...full13, group: 'P-256' }
export const chacha: Setup = { ...full13, suite: 'TLS_CHACHA20_POLY1305_SHA256' }

/** By the names that `compare.ts` and `handshake-cost.ts` take. */
export const setupsByKind: Readonly<Record<string, Setup>> = {
  full: full13,
  resumed: { ...full13, resumed: true },
  full12,
  resumed12: { ...full12, resumed: true },
  rsa: { ...full13, identity: rsa },
  hybrid: { ...full13, group: 'X25519MLKEM768' },
  client: { ...full13, clientIdentity },
}
