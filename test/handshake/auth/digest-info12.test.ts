// The two forms of an RSA signature's DigestInfo in TLS 1.2 (RFC 5246 section 4.7).

import { constants, createHash, createPrivateKey, createPublicKey, privateEncrypt } from 'node:crypto'
import { describe, expect, it } from 'vitest'

import { nobleProvider } from '../../../src/crypto/noble.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { webcryptoProvider } from '../../../src/crypto/webcrypto.ts'
import { parsePublicKey } from '../../../src/crypto/keys.ts'
import type { Signer } from '../../../src/crypto/provider.ts'
import { fromHex } from '../../../src/wire/bytes.ts'
import { clientOf, connectEngines, errorOf, infoOf, serverOf } from '../../fixtures/engines.ts'
import { anyCertificate, ecdsa, rsa } from '../../fixtures/identities.ts'

const versions = { max: 'TLS 1.2' } as const
const sha256 = {
  withNull: '3031300d060960864801650304020105000420',
  without: '302f300b06096086480165030402010420',
  emptySequence: '3031300d060960864801650304020130000420',
  longLength: '308130300b06096086480165030402010420',
}

/** Signs with PKCS#1 and this DigestInfo. */
const signer = (prefix: string, change = (digest: Uint8Array): Uint8Array => digest): Signer => {
  const key = createPrivateKey(rsa.key)
  const spki = createPublicKey(rsa.cert).export({ type: 'spki', format: 'der' })
  return {
    publicKey: parsePublicKey(new Uint8Array(spki)),
    algorithms: ['rsa_pkcs1_sha256'],
    sign: (_, message) => {
      const digest = change(createHash('sha256').update(message).digest())
      const info = Buffer.concat([fromHex(prefix), digest])
      return new Uint8Array(privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, info))
    },
  }
}

const providers = [nodeProvider, webcryptoProvider, nobleProvider] as const

describe.each(providers.map((provider) => [provider.name, provider] as const))('with %s', (_, provider) => {
  it.each(['withNull', 'without'] as const)('RFC 5246 section 4.7: a server may sign %s parameters', async (form) => {
    const server = serverOf({ identity: { cert: rsa.cert, key: signer(sha256[form]) } })
    const { clientEvents } = await connectEngines(clientOf({ provider, versions }), server)
    expect(infoOf(clientEvents).signatureScheme).toBe('rsa_pkcs1_sha256')
  })

  it.each(['emptySequence', 'longLength'] as const)('no other form is taken: %s', async (form) => {
    const server = serverOf({ identity: { cert: rsa.cert, key: signer(sha256[form]) } })
    const { clientEvents } = await connectEngines(clientOf({ provider, versions }), server)
    expect(errorOf(clientEvents)).toMatchObject({ code: 'bad_signature', alert: 'decrypt_error' })
  })

  it('a signature over something else is refused in this form as well', async () => {
    const wrong = signer(sha256.without, (digest) => digest.map((byte) => byte ^ 1))
    const { clientEvents } = await connectEngines(
      clientOf({ provider, versions }),
      serverOf({ identity: { cert: rsa.cert, key: wrong } }),
    )
    expect(errorOf(clientEvents)).toMatchObject({ code: 'bad_signature', alert: 'decrypt_error' })
  })

  it('a client may sign so, too', async () => {
    const clientAuth = { mode: 'require', verifier: anyCertificate } as const
    const { serverEvents } = await connectEngines(
      clientOf({ versions, identity: { cert: rsa.cert, key: signer(sha256.without) } }),
      serverOf({ provider, ...ecdsa, clientAuth }),
    )
    expect(infoOf(serverEvents).signatureScheme).toBe('rsa_pkcs1_sha256')
  })
})
