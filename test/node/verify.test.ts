// The verdict on a chain with OpenSSL's codes, by the rules of a context, and the strength that a level asks for.

import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import { describe, expect, it } from 'vitest'
import { createSecureContext } from '../../src/node/index.ts'
import type { SecureContextOptions } from '../../src/node/index.ts'
import { checkStrength, verifyError } from '../../src/node/verify.ts'
import type { Verdict } from '../../src/node/verify.ts'
import { verifyResultOf } from '../../src/node/verify-results.ts'
import { createCa, selfSigned } from '../../src/pki/index.ts'
import { decodePem } from '../../src/wire/pem.ts'

const day = 86_400_000
const now = Math.floor(Date.now() / 1000) * 1000
const ders = (pem: string): readonly Uint8Array[] => decodePem(pem).map(({ bytes }) => bytes)
const [firstOf, restOf] = [(pem: string) => ders(pem).slice(0, 1), (pem: string) => ders(pem).slice(1)]

const root = await createCa({ name: 'Root' })
const middle = await root.createIntermediate({ name: 'Middle' })
const leaf = await middle.issue({ names: ['a.test'], notBefore: now - day, notAfter: now + day })
const client = await middle.issue({ name: 'me', client: true })
const stranger = await createCa({ name: 'Root' }) // of the same name, with another key
const alone = await selfSigned({ names: ['a.test'], notBefore: now - day, notAfter: now + day })

const verdict = (
  options: SecureContextOptions,
  chain: readonly Uint8Array[],
  { peer = 'server', time = now }: { peer?: 'server' | 'client'; time?: number } = {},
): string => {
  const found = createSecureContext(options).context.judge.judge(chain, peer, time)
  if (found instanceof Promise) throw new Error('not at once')
  return textOf(found)
}
const textOf = ({ error, chain }: Verdict): string =>
  error === undefined ? `a chain of ${chain.length}` : `${error.code}: ${error.message}`

/** The error of node:tls for a server that shows this, which has more words in newer versions of Node. */
const nodeSays = async (cert: string, key: string): Promise<string> => {
  const server = tls.createServer({ cert, key }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [error] = await once(tls.connect({ port, host: '127.0.0.1', servername: 'a.test' }), 'error')
  server.close()
  return (error as Error).message
}

describe('a chain', () => {
  const ca = root.certificatePem
  const whole = ders(leaf.chainPem)

  it('that leads to an authority is good', () => {
    expect(verdict({ ca }, whole)).toBe('a chain of 3')
    expect(verdict({ ca: [ca, middle.certificatePem] }, firstOf(leaf.chainPem))).toBe('a chain of 3')
    expect(verdict({ ca: middle.certificatePem, allowPartialTrustChain: true }, whole)).toBe('a chain of 2')
    expect(verdict({ ca }, ders(client.chainPem), { peer: 'client' })).toBe('a chain of 3')
  })
  it('that does not is told apart by how far it goes', async () => {
    const missing = await nodeSays(leaf.certificatePem, leaf.privateKeyPem)
    expect(missing).toContain('unable to verify the first certificate')
    expect(verdict({ ca }, firstOf(leaf.chainPem))).toBe(`UNABLE_TO_VERIFY_LEAF_SIGNATURE: ${missing}`)
    expect(verdict({ ca: alone.chainPem }, whole)).toBe(
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unable to get local issuer certificate',
    )
    expect(verdict({ ca: middle.certificatePem }, firstOf(leaf.chainPem))).toBe(
      'UNABLE_TO_GET_ISSUER_CERT: unable to get issuer certificate',
    )
    expect(verdict({ ca: alone.chainPem }, [...whole, ...ders(ca)])).toBe(
      'SELF_SIGNED_CERT_IN_CHAIN: self-signed certificate in certificate chain',
    )
    const untrusted = await nodeSays(alone.chainPem, alone.privateKeyPem)
    expect(untrusted).toContain('self-signed certificate')
    expect(verdict({ ca }, ders(alone.chainPem))).toBe(`DEPTH_ZERO_SELF_SIGNED_CERT: ${untrusted}`)
    // What does not belong to it is of no use.
    expect(verdict({ ca: alone.chainPem }, [...firstOf(leaf.chainPem), ...ders(client.chainPem).slice(0, 1)])).toBe(
      `UNABLE_TO_VERIFY_LEAF_SIGNATURE: ${missing}`,
    )
    expect(verdict({ ca: stranger.certificatePem }, whole)).toMatch(
      /^(CERT_SIGNATURE_FAILURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO)/,
    )
  })
  it('counts to the second that its certificates name', () => {
    const ends = { ca: alone.chainPem }
    const begun = (time: number): string => verdict(ends, ders(alone.chainPem), { time }).split(':')[0] ?? ''
    expect([now - day - 1000, now - day, now + day, now + day + 1000].map(begun)).toEqual([
      'CERT_NOT_YET_VALID',
      'a chain of 1',
      'a chain of 1',
      'CERT_HAS_EXPIRED',
    ])
    // Dates come before what else is wrong, as OpenSSL names what it found last.
    const strange = (time: number): string =>
      verdict({ ca: root.certificatePem }, ders(alone.chainPem), { time }).split(':')[0] ?? ''
    expect([now - day - 1000, now - day, now + day, now + day + 1000].map(strange)).toEqual([
      'CERT_NOT_YET_VALID',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'CERT_HAS_EXPIRED',
    ])
  })
  it('for another purpose, that cannot be read, or is none, is refused', () => {
    expect(verdict({ ca }, ders(client.chainPem))).toBe('INVALID_PURPOSE: unsuitable certificate purpose')
    expect(verdict({ ca }, [Uint8Array.of(0x30, 0), ...restOf(leaf.chainPem)])).toBe(
      'CERT_REJECTED: certificate rejected',
    )
    expect(verdict({ ca }, [])).toMatch(/^CERT_REJECTED/)
    expect(verdict({ ca }, [...whole, Uint8Array.of(0x30, 0)])).toBe('a chain of 3')
  })
  it('that is refused for a reason without a code of OpenSSL is UNSPECIFIED, in our own words', () => {
    expect(verdict({ ca, ciphers: 'ALL:@SECLEVEL=5' }, whole)).toMatch(/^UNSPECIFIED: .*256 bits \(security level 5\)/)
  })
  it('below something that is no authority is refused', async () => {
    const end = await root.issue({ names: ['b.test'] })
    expect(verdict({ ca }, [...firstOf(leaf.chainPem), ...ders(end.chainPem)])).toMatch(/^UNABLE_TO_VERIFY_LEAF/)
  })
})

describe('CRLs', () => {
  const ca = root.certificatePem
  const judged = async (options: SecureContextOptions, chain: readonly Uint8Array[], time = now): Promise<string> =>
    textOf(await createSecureContext(options).context.judge.judge(chain, 'server', time))

  it('have to be there for each authority, in their time, and without the certificate', async () => {
    const good = [(await root.createCrl()).crlPem, (await middle.createCrl()).crlPem]
    expect(await judged({ ca, crl: good }, ders(leaf.chainPem))).toBe('a chain of 3')
    expect(await judged({ ca, crl: good.slice(0, 1) }, ders(leaf.chainPem))).toBe(
      'UNABLE_TO_GET_CRL: unable to get certificate CRL',
    )
    const revoked = (await middle.createCrl({ revoked: [{ certificate: leaf.certificatePem }] })).crlPem
    expect(await judged({ ca, crl: [...good.slice(0, 1), revoked] }, ders(leaf.chainPem))).toBe(
      'CERT_REVOKED: certificate revoked',
    )
    expect(await judged({ ca, crl: good }, ders(leaf.chainPem), now + day / 2)).toBe('a chain of 3')
    const late = await middle.issue({ names: ['a.test'], notAfter: now + 300 * day })
    expect(await judged({ ca, crl: good }, ders(late.chainPem), now + 200 * day)).toBe(
      'CRL_HAS_EXPIRED: CRL has expired',
    )
  })
})

describe('the security level', () => {
  const keyOf = (kind: 'rsa' | 'ec', size: number | string) => {
    const pair =
      kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: Number(size) })
        : generateKeyPairSync('ec', { namedCurve: String(size) })
    return pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  }
  const certificateOf = async (kind: 'rsa' | 'ec', size: number | string): Promise<readonly Uint8Array[]> =>
    ders((await selfSigned({ names: ['a.test'], key: keyOf(kind, size) } as never)).certificatePem)
  const levels = (chain: readonly Uint8Array[]): number =>
    [0, 1, 2, 3, 4, 5].findLast((level) => {
      try {
        checkStrength(chain, level)
        return true
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SSL_EE_KEY_TOO_SMALL' })
        return false
      }
    }) ?? -1

  it.each([
    ['rsa', 1024, 1],
    ['rsa', 2048, 2],
    ['rsa', 3072, 3],
    ['ec', 'P-256', 3],
    ['ec', 'P-384', 4],
    ['ec', 'P-521', 5],
  ] as const)('%s %s is enough up to level %i', async (kind, size, level) => {
    expect(levels(await certificateOf(kind, size))).toBe(level)
  })
  it('asks nothing of keys that it does not know, and of no certificate', () => {
    expect(levels([Uint8Array.of(0x30, 0)])).toBe(5)
    expect(levels([])).toBe(5)
  })
})

describe('codes', () => {
  it('come with OpenSSL words and numbers; an unknown one with the words of its cause', () => {
    expect(verifyError('CERT_REVOKED')).toMatchObject({ message: 'certificate revoked', code: 'CERT_REVOKED' })
    expect(verifyError('CERT_REVOKED').cause).toBeUndefined()
    const cause = new Error('because')
    expect(verifyError('UNSPECIFIED', cause)).toMatchObject({ message: 'because', cause })
    expect(verifyError('UNSPECIFIED').message).toBe('the certificate is not acceptable')
    // x509_vfy.h of OpenSSL 3; UNSPECIFIED is what any other is.
    const numbers = {
      UNABLE_TO_GET_ISSUER_CERT: 2,
      UNABLE_TO_GET_CRL: 3,
      CERT_SIGNATURE_FAILURE: 7,
      CERT_NOT_YET_VALID: 9,
      CERT_HAS_EXPIRED: 10,
      CRL_HAS_EXPIRED: 12,
      DEPTH_ZERO_SELF_SIGNED_CERT: 18,
      SELF_SIGNED_CERT_IN_CHAIN: 19,
      UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 20,
      UNABLE_TO_VERIFY_LEAF_SIGNATURE: 21,
      CERT_CHAIN_TOO_LONG: 22,
      CERT_REVOKED: 23,
      PATH_LENGTH_EXCEEDED: 25,
      INVALID_PURPOSE: 26,
      CERT_REJECTED: 28,
      INVALID_CA: 79,
      UNSPECIFIED: 1,
    }
    for (const [code, number] of Object.entries(numbers)) expect([code, verifyResultOf(code)]).toEqual([code, number])
  })
})
