// EC keys as compressed points (RFC 5480 section 2.2: they may be supported, and are not): refused by that name
// wherever they come in, never as an empty chain.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createServer } from '../../src/index.node.ts'
import { createCa, parseRequest, readPkcs12 } from '../../src/pki/index.ts'
import { parseCertificate, verifyChain } from '../../src/x509/index.ts'
import { OpensslDirectory, withOpenssl } from './openssl.ts'
import { rejected } from '../fixtures/rejected.ts'

const openssl = new OpensslDirectory()
afterAll(() => openssl.remove())

const text = (name: string): string => readFileSync(join(openssl.path, name), 'latin1')

const make = (): Uint8Array => {
  const curve = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:named_curve']
  openssl.bytes('genpkey', ...curve, '-out', 'plain.pem')
  openssl.bytes('ec', '-in', 'plain.pem', '-conv_form', 'compressed', '-out', 'key.pem')
  openssl.bytes('req', '-x509', '-new', '-key', 'key.pem', '-subj', '/CN=leaf', '-days', '30', '-out', 'cert.pem')
  openssl.bytes('req', '-new', '-key', 'key.pem', '-subj', '/CN=leaf', '-out', 'request.pem')
  openssl.bytes('pkcs12', '-export', '-inkey', 'key.pem', '-in', 'cert.pem', '-passout', 'pass:x', '-out', 'bundle.p12')
  return openssl.bytes('x509', '-in', 'cert.pem', '-outform', 'DER')
}

describe('a compressed point', () => {
  withOpenssl('is named in each refusal, and the certificate is readable all the same', async () => {
    const der = make()
    expect(String(parseCertificate(der).subject)).toBe('CN=leaf')
    const words = { message: expect.stringContaining('compressed point') }
    expect(await rejected(() => parseCertificate(der).publicKey)).toMatchObject({
      ...words,
      code: 'unsupported_certificate',
    })
    expect(await rejected(() => parseRequest(text('request.pem')))).toMatchObject({ ...words, code: 'bad_option' })
    expect(await rejected(async () => (await createCa({ name: 'x' })).sign(text('request.pem')))).toMatchObject(words)
    expect(await rejected(() => readPkcs12(readFileSync(join(openssl.path, 'bundle.p12')), 'x'))).toMatchObject(words)
    expect(await rejected(() => createServer({ cert: text('cert.pem'), key: text('key.pem') }))).toMatchObject(words)
    const result = await verifyChain([der], { provider: nodeProvider, trust: der })
    expect(result.ok ? undefined : result.reason).toMatchObject({ ...words, code: 'unsupported_algorithm' })
  })
})
