import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { mozillaRoots, mozillaRootsDate, mozillaRootsSource } from '../../src/roots/index.ts'
import { encodePem } from '../../src/wire/pem.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { trustStore, verifyChain } from '../../src/x509/index.ts'

const node = new URL('../../node_modules/node/bin/node', import.meta.url).pathname
const ask = (expression: string): string =>
  execFileSync(node, ['-p', expression], { encoding: 'utf8', maxBuffer: 1 << 24 }).trim()

describe("Mozilla's roots", () => {
  test('are those of the node package that is installed: if not, run `npm run roots`', () => {
    expect(mozillaRootsSource).toBe(`node ${ask('process.version').slice(1)}`)
    const theirs: string[] = JSON.parse(ask('JSON.stringify(tls.rootCertificates)'))
    const normal = (pem: string): string => pem.replace(/\s/g, '')
    expect(mozillaRoots.map((der) => normal(encodePem('CERTIFICATE', der))).toSorted()).toEqual(
      theirs.map(normal).toSorted(),
    )
  })

  test('have a date', () => {
    expect(new Date(mozillaRootsDate).toISOString().slice(0, 10)).toBe(mozillaRootsDate)
  })

  test('parse with the strict reader, are CAs, and signed themselves', () => {
    expect(mozillaRoots.length).toBeGreaterThan(100)
    for (const der of mozillaRoots) {
      const root = parseCertificate(der)
      expect([root.subject.toString(), root.basicConstraints?.ca, root.isSelfIssued]).toEqual([
        root.subject.toString(),
        true,
        true,
      ])
      const theirs = new X509Certificate(der)
      expect(theirs.verify(theirs.publicKey)).toBe(true)
    }
  })

  test('serve as trust anchors', async () => {
    const store = trustStore(mozillaRoots)
    expect(store.anchors).toHaveLength(mozillaRoots.length)
    const [der = new Uint8Array()] = mozillaRoots
    const root = parseCertificate(der)
    expect(store.find(root)?.certificate?.der).toEqual(der)
    const result = await verifyChain([der], {
      provider: nodeProvider,
      trust: store,
      profile: 'path',
      time: root.notBefore,
    })
    expect(result.ok ? result.chain.length : result.reason.code).not.toBe('unknown_ca')
  })
})
