// What connect() does with a stapled OCSP response by default, over a whole connection and both versions.
import { describe, expect, test } from 'vitest'
import { connect, createServer, pair } from '../../src/index.node.ts'
import { TlsError } from '../../src/errors.ts'
import { createCa } from '../../src/pki/index.ts'

type Version = 'TLS 1.3' | 'TLS 1.2'
type Status = 'good' | 'revoked' | 'expired' | 'none'

const outcome = async (version: Version, mustStaple: boolean, status: Status): Promise<string> => {
  const ca = await createCa({ name: 'CA' })
  const leaf = await ca.issue({ names: ['localhost'], mustStaple })
  const old = status === 'expired' ? { thisUpdate: Date.now() - 10 * 86_400_000 } : {}
  const answers = [{ certificate: leaf.certificate, status: status === 'revoked' ? 'revoked' : 'good' }] as const
  const ocspResponse = status === 'none' ? undefined : await ca.createOcspResponse({ answers, ...old })
  const versions = { min: version, max: version }
  const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem, ...(ocspResponse && { ocspResponse }) }
  const server = createServer({ identity, versions })
  const [near, far] = pair()
  const accepted = server.accept(far).then(
    (connection) => connection.close(),
    (error: unknown) => (error instanceof TlsError ? undefined : Promise.reject(error)),
  )
  try {
    const connection = await connect(near, { serverName: 'localhost', ca: ca.certificatePem, versions })
    await connection.close()
    return 'ok'
  } catch (error) {
    if (error instanceof TlsError) return error.code
    throw error
  } finally {
    await accepted
  }
}

describe.each(['TLS 1.3', 'TLS 1.2'] as const)('%s', (version) => {
  test.each([
    [false, 'none', 'ok'],
    [false, 'good', 'ok'],
    [false, 'revoked', 'certificate_revoked'],
    [false, 'expired', 'bad_certificate_status'],
    [true, 'none', 'bad_certificate_status'],
    [true, 'good', 'ok'],
    [true, 'expired', 'bad_certificate_status'],
  ] as const)('must-staple %s, response %s: %s', async (mustStaple, status, expected) => {
    expect(await outcome(version, mustStaple, status)).toBe(expected)
  })
})
