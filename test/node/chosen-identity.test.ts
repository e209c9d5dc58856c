// What a server tells of what it chose by the signature algorithms of a client, beside node:tls: its certificate, of
// several, and the algorithms that both ends have.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import native from 'node:tls'
import { expect, it } from 'vitest'
import * as ours from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'

const ca = await createCa({ name: 'Several' })
const [ecdsa, rsa] = await Promise.all(
  (['ecdsa-p256', 'rsa-2048'] as const).map((key) => ca.issue({ names: ['localhost', key], key })),
)
const identities = {
  cert: [ecdsa, rsa].map((one) => one?.chainPem ?? ''),
  key: [ecdsa, rsa].map((one) => one?.privateKeyPem ?? ''),
}

interface Facts {
  readonly shared: string[]
  readonly name: string | undefined
}

/** Of the server's end of a connection with a client of node:tls that offers these. */
const factsOf = async (tls: typeof native, offered: string, options: native.TlsOptions): Promise<Facts> => {
  const server = tls.createServer({ ...identities, ...options })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const coming = once(server, 'secureConnection') as Promise<[native.TLSSocket]>
  const client = native.connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: ca.certificatePem,
    ...(offered !== '' && { sigalgs: offered }),
  })
  const [[accepted]] = await Promise.all([coming, once(client, 'secureConnect')])
  const own = accepted.getCertificate()
  const facts = {
    shared: accepted.getSharedSigalgs(),
    name: own && 'subjectaltname' in own ? own.subjectaltname : undefined,
  }
  client.destroy()
  accepted.destroy()
  server.close()
  return facts
}

const several = 'rsa_pkcs1_sha256:rsa_pss_rsae_sha512:ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256'

it.each<[string, native.TlsOptions, string?]>([
  ['ecdsa_secp256r1_sha256', {}, 'DNS:localhost, DNS:ecdsa-p256'],
  ['rsa_pss_rsae_sha256', {}, 'DNS:localhost, DNS:rsa-2048'],
  [several, {}],
  ['rsa_pss_rsae_sha512:rsa_pss_rsae_sha256', { honorCipherOrder: false }],
  [several, { sigalgs: 'rsa_pss_rsae_sha256:ed25519:rsa_pss_rsae_sha512' }, 'DNS:localhost, DNS:rsa-2048'],
  [several, { sigalgs: 'rsa_pss_rsae_sha256:rsa_pss_rsae_sha512', honorCipherOrder: false }],
])('a client with %s, a server with %j', async (offered, options, name) => {
  const theirs = await factsOf(native, offered, options)
  expect(theirs.shared.length).toBeGreaterThan(0)
  if (name !== undefined) expect(theirs.name).toBe(name)
  expect(await factsOf(ours as unknown as typeof native, offered, options)).toEqual(theirs)
})

it('a client with all that OpenSSL has: but for Brainpool curves and SHA-224, which are not built', async () => {
  const theirs = await factsOf(native, '', {})
  const built = theirs.shared.filter((name) => !name.includes('SHA224'))
  const brainpool = built.indexOf('Ed448+UNDEF') + 1
  expect(built.slice(brainpool, brainpool + 3)).toEqual(['ECDSA+SHA256', 'ECDSA+SHA384', 'ECDSA+SHA512'])
  built.splice(brainpool, 3)
  expect((await factsOf(ours as unknown as typeof native, '', {})).shared).toEqual(built)
})
