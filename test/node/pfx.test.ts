// The files of vectors/pkcs12, as OpenSSL, GnuTLS and Java write them: what node:tls wants at once is what puretls/pki
// reads with promises.

import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readPfx } from '../../src/node/pfx.ts'
import { readPkcs12 } from '../../src/pki/index.ts'
import { parseCertificates } from '../../src/x509/index.ts'

const folder = new URL('../../vectors/pkcs12/', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.p12'))
const bytes = (file: string): Uint8Array => new Uint8Array(readFileSync(new URL(file, folder)))
const passwordOf = (file: string): string => (file.startsWith('keytool') ? 'secret1' : 'secret')
/** Node has no RC2 without --openssl-legacy-provider. */
const withRc2 = files.filter((file) => file.endsWith('legacy.p12'))

test.each(files.filter((file) => !withRc2.includes(file)))('%s: what readPkcs12() has', async (file) => {
  const there = await readPkcs12(bytes(file), passwordOf(file))
  const here = readPfx(bytes(file), passwordOf(file))
  expect(here.key.export({ format: 'pem', type: 'pkcs8' }).toString().trim()).toBe(there.privateKeyPem?.trim())
  expect(here.chain[0]).toEqual(parseCertificates(there.chainPem)[0]?.der)
  expect(here.authorities).toHaveLength(there.certificates.length - 1)
})

test.each(withRc2)('%s: unsupported, as Node says', (file) => {
  expect(() => readPfx(bytes(file), passwordOf(file))).toThrow('Unsupported PKCS12 PFX data')
})

test.each(files)('%s: a wrong passphrase is a MAC that is not right, half a file is not enough data', (file) => {
  expect(() => readPfx(bytes(file), 'wrong')).toThrow('mac verify failure')
  expect(() => readPfx(bytes(file).subarray(0, 400), passwordOf(file))).toThrow('not enough data')
})
