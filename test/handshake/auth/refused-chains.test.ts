// Chains that a peer shows and that TLS itself has refused, with the alert of RFC 9846 sections 4.5.1.2 and 4.5.1.3.

import { it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { derNull, derOid, derSequence } from '../../../src/wire/der.ts'
import { chainVerifier } from '../../../src/x509/index.ts'
import { trustStore } from '../../../src/x509/trust.ts'
import { make, makeCa, makeLeaf, name, now } from '../../x509/make.ts'
import type { Made } from '../../x509/make.ts'
import { anyCertificate, ecdsa } from '../../fixtures/identities.ts'
import { misbehaving, refusedBy } from '../misbehaving.ts'

const root = makeCa('root')
const verifier = chainVerifier({ provider: nodeProvider, trust: trustStore([root.der]) })

/** A server that shows this certificate, and what its client says. */
const showing = (shown: Made) => ({
  client: { verifier, clock: () => now, serverName: 'host.example' },
  server: {
    seam: misbehaving({ Certificate: (fields) => ({ ...fields, entries: [{ data: shown.der, extensions: [] }] }) }),
  },
})

it('a certificate signed with MD5 is bad_certificate, whoever checks it (section 4.5.1.3)', async () => {
  const algorithm = derSequence(derOid('1.2.840.113549.1.1.4'), derNull())
  const md5 = makeLeaf(root, { algorithm, outerAlgorithm: algorithm })
  const { client, server } = showing(md5)
  await refusedBy('client', client, server, 'bad_certificate', 'bad_certificate', /rsa_pkcs1_md5/)
  const clientAuth = { mode: 'require', verifier } as const
  await refusedBy(
    'server',
    { ...ecdsa, verifier: anyCertificate, seam: server.seam },
    { clientAuth, clock: () => now },
    'bad_certificate',
    'bad_certificate',
    /rsa_pkcs1_md5/,
  )
})

it('a leaf of another version than X.509v3 is bad_certificate (section 4.5.1.2)', async () => {
  const { client, server } = showing(make({ subject: name('host.example'), issuer: root, version: undefined }))
  await refusedBy('client', client, server, 'bad_certificate', 'bad_certificate', /of version 1, and has to be of 3/)
})
