// Certificates and keys of a context: which chain goes with a certificate that is given alone, and what replaces what.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSecureContext } from '../../src/node/index.ts'
import { readKey } from '../../src/node/identities.ts'
import { createCa, selfSigned } from '../../src/pki/index.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'

const root = await createCa({ name: 'Chain Root' })
const upper = await root.createIntermediate({ name: 'Upper', pathLength: 1 })
const lower = await upper.createIntermediate({ name: 'Lower' })
const leaf = await lower.issue({ names: ['a.test'] })
const other = await root.issue({ names: ['b.test'] })
const nameOf = (der: Uint8Array): string => parseCertificate(der).subject.attributes.at(-1)?.value ?? ''

const chains = (options: Parameters<typeof createSecureContext>[0]): readonly (readonly string[])[] =>
  createSecureContext(options).context.identities.map(({ certificates }) => certificates.slice(1).map(nameOf))

describe('a certificate that is given alone', () => {
  const lone = { cert: leaf.certificatePem, key: leaf.privateKeyPem }
  it('is sent with its issuers, as far as `ca` has them without a gap', () => {
    const [r, u, l] = [root.certificatePem, upper.certificatePem, lower.certificatePem]
    expect(chains({ ...lone, ca: [r, u, l] })).toEqual([['Lower', 'Upper', 'Chain Root']])
    expect(chains({ ...lone, ca: [l, u] })).toEqual([['Lower', 'Upper']])
    expect(chains({ ...lone, ca: [r, l] })).toEqual([['Lower']])
    expect(chains({ ...lone, ca: [r, u] })).toEqual([[]])
  })
  it('of its own issue, or with a chain, is sent as it is', async () => {
    const alone = await selfSigned({ names: ['a.test'] })
    expect(chains({ cert: alone.certificatePem, key: alone.privateKeyPem, ca: root.certificatePem })).toEqual([[]])
    const cert = leaf.certificatePem + lower.certificatePem
    expect(chains({ ...lone, cert, ca: [upper.certificatePem] })).toEqual([['Lower']])
  })
  it('has its issuer in the context, DER, out of its chain or `ca`, or itself', async () => {
    const issuerOf = (options: Parameters<typeof createSecureContext>[0]): string | undefined => {
      const issuer = createSecureContext(options).context.getIssuer()
      return issuer ? nameOf(issuer) : undefined
    }
    expect(issuerOf(lone)).toBeUndefined()
    expect(issuerOf({})).toBeUndefined()
    expect(issuerOf({ ...lone, ca: lower.certificatePem })).toBe('Lower')
    expect(issuerOf({ ...lone, cert: leaf.certificatePem + lower.certificatePem })).toBe('Lower')
    const alone = await selfSigned({ names: ['self.test'] })
    expect(issuerOf({ cert: alone.certificatePem, key: alone.privateKeyPem })).toBe('self.test')
  })
})

describe('several certificates and keys', () => {
  it('are kept one for each kind of key: what comes later replaces what was there', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const key = String(privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const rsa = await selfSigned({ names: ['rsa.test'], key } as never)
    const names = (options: Parameters<typeof createSecureContext>[0]): readonly string[] =>
      createSecureContext(options).context.identities.map((identity) => nameOf(identity.leaf.der))
    const both = { cert: [leaf.certificatePem, rsa.certificatePem], key: [leaf.privateKeyPem, key] }
    expect(names(both)).toHaveLength(2)
    const replaced = { cert: [leaf.certificatePem, other.certificatePem], key: other.privateKeyPem }
    expect(names(replaced)).toHaveLength(1)
    const { context } = createSecureContext(replaced)
    expect(context.getCertificate()).toEqual(Buffer.from(parsedDer(other.certificatePem)))
    expect(() => createSecureContext({ ...replaced, key: leaf.privateKeyPem })).toThrow(
      expect.objectContaining({ code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' }),
    )
    // A key without its certificate, and a certificate without its key, say nothing yet.
    expect(names({ cert: leaf.certificatePem, key })).toEqual([])
  })
})
const parsedDer = (pem: string): Uint8Array =>
  Buffer.from(/-----BEGIN [^-]*-----([^-]*)/.exec(pem)?.[1] ?? '', 'base64')

describe('a private key in DER', () => {
  const ec = createPrivateKey(leaf.privateKeyPem)
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  it.each([
    ['PKCS#8', ec.export({ format: 'der', type: 'pkcs8' }), ec],
    ['SEC 1', ec.export({ format: 'der', type: 'sec1' }), ec],
    ['PKCS#1', rsa.export({ format: 'der', type: 'pkcs1' }), rsa],
  ])('%s is read', (_form, der, key) => {
    expect(readKey(der, undefined).equals(key)).toBe(true)
    expect(readKey(new DataView(der.buffer, der.byteOffset, der.byteLength), undefined).equals(key)).toBe(true)
  })
  it('that is encrypted wants its passphrase', () => {
    const form = { format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' } as const
    const der = ec.export(form)
    expect(readKey(der, 'secret').equals(ec)).toBe(true)
    expect(() => readKey(der, undefined)).toThrow()
    expect(() => readKey(Buffer.from('0102', 'hex'), undefined)).toThrow(
      expect.objectContaining({
        code: 'ERR_OSSL_UNSUPPORTED',
        message: 'error:1E08010C:DECODER routines::unsupported',
      }),
    )
  })
})
