// CRLs, OCSP responses and issuers over HTTP on the loopback interface, by the runtime's fetch; and what a hostile or
// silent server costs.

import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createCa } from '../../src/pki/index.ts'
import { constructedTag, derElement, derInteger, derOid, derSequence } from '../../src/wire/der.ts'
import { encodePem } from '../../src/wire/pem.ts'
import { createFetcher } from '../../src/x509/fetch.ts'
import type { FetcherOptions, FetchFunction } from '../../src/x509/fetch.ts'
import { crlCheck, extensionOids, issuerOf, ocspCheck, parseCertificate, verifyChain } from '../../src/x509/index.ts'
import type { Certificate, PathCheck, VerifyOptions } from '../../src/x509/index.ts'
import { extension, makeCa, makeLeaf, now, uri } from './make.ts'
import type { Made } from './make.ts'
import { crlNumber, deltaTo, entry, fullName, makeCrl, points } from './make-crl.ts'
import { certId, good, respond, revoked, single } from './make-ocsp.ts'
import { verdict } from './support.ts'

type Route = (request: IncomingMessage, response: ServerResponse) => void

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A server that answers by path, and the paths that it was asked for. */
type Routes = Record<string, Uint8Array | string | Route>

const serve = async (routes: Routes): Promise<{ url: string; asked: string[] }> => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(`${request.method} ${path}`)
    const route = routes[path]
    if (typeof route === 'function') route(request, response)
    else response.writeHead(route === undefined ? 404 : 200).end(route)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, asked }
}

const fetcherOf = (options: Partial<FetcherOptions> = {}): ReturnType<typeof createFetcher> =>
  createFetcher({ fetch: (url, init) => fetch(url, init), clock: () => now, ...options })

const root = makeCa('Root')
const parsed = ({ der }: Made): Certificate => parseCertificate(der)
const issuer = issuerOf(parsed(root))
const verify = (chain: readonly Made[], more: Partial<VerifyOptions>): Promise<string> =>
  verdict(
    verifyChain(
      chain.map(({ der }) => der),
      { provider: nodeProvider, trust: root.der, time: now, ...more },
    ),
  )
const withPoint = (...urls: string[]): Made => makeLeaf(root, { extra: [points([fullName(...urls.map(uri))])] })

describe('CRLs', () => {
  test('are fetched from the distribution point, once, and then kept', async () => {
    const { url, asked } = await serve({ '/a.crl': makeCrl(root), '/pem': encodePem('X509 CRL', makeCrl(root)) })
    const checks = [crlCheck({ crls: fetcherOf().crls })]
    for (let i = 0; i < 3; i++) expect(await verify([withPoint(`${url}/a.crl`)], { checks })).toBe('ok')
    expect(asked).toEqual(['GET /a.crl'])
    expect(await verify([withPoint(`${url}/pem`)], { checks })).toBe('ok')
  })

  test('are asked for again after nextUpdate, or after maxCacheMs', async () => {
    let time = now
    const { url, asked } = await serve({ '/a': makeCrl(root, { nextUpdate: now + 600_000 }) })
    const { crls } = fetcherOf({ clock: () => time, maxCacheMs: 900_000 })
    const pair = { certificate: parsed(withPoint(`${url}/a`)), issuer }
    await crls(pair)
    time = now + 599_000
    await crls(pair)
    expect(asked).toHaveLength(1)
    time = now + 601_000
    await crls(pair)
    expect(asked).toHaveLength(2)
  })

  test('the names of a point are alternatives; other schemes are not asked; at most maxUrls are', async () => {
    const { url, asked } = await serve({ '/b': makeCrl(root) })
    const checks = [crlCheck({ crls: fetcherOf().crls })]
    const others = ['ldap://ldap.example/cn=x', 'file:///etc/passwd', 'nonsense']
    const leaf = withPoint(...others, `${url}/missing`, `${url}/b`, `${url}/c`)
    expect(await verify([leaf], { checks })).toBe('ok')
    expect(asked).toEqual(['GET /missing', 'GET /b'])
    const many = makeLeaf(root, { extra: [points(...[1, 2, 3, 4, 5, 6].map((n) => [fullName(uri(`${url}/${n}`))]))] })
    expect(await verify([many], { checks: [crlCheck({ crls: fetcherOf({ maxUrls: 3 }).crls })] })).toMatch(
      /^revocation_unknown/,
    )
    expect(asked.slice(2)).toEqual(['GET /1', 'GET /2', 'GET /3'])
  })

  test('`allow` decides about addresses', async () => {
    const { url, asked } = await serve({ '/a': makeCrl(root) })
    const { crls } = fetcherOf({ allow: ({ hostname }) => hostname !== '127.0.0.1' })
    expect(await verify([withPoint(`${url}/a`)], { checks: [crlCheck({ crls })] })).toMatch(/^revocation_unknown/)
    expect(asked).toEqual([])
  })

  test('section 5.2.6: delta CRLs, from the certificate or from the complete CRL', async () => {
    const delta = makeCrl(root, { number: crlNumber(2), extensions: [deltaTo(1)], entries: [entry(7)] })
    const routes: Record<string, Uint8Array> = { '/delta': delta, '/base': makeCrl(root) }
    const { url, asked } = await serve(routes)
    const freshest = extension(extensionOids.freshestCrl, derSequence(derSequence(fullName(uri(`${url}/delta`)))))
    routes['/linked'] = makeCrl(root, { extensions: [freshest] })
    const checks = (): PathCheck[] => [crlCheck({ crls: fetcherOf().crls })]
    expect(await verify([withPoint(`${url}/base`)], { checks: checks() })).toBe('ok')
    const pointing = makeLeaf(root, { extra: [points([fullName(uri(`${url}/base`))]), freshest] })
    expect(await verify([pointing], { checks: checks() })).toMatch(/^certificate_revoked/)
    expect(await verify([withPoint(`${url}/linked`)], { checks: checks() })).toMatch(/^certificate_revoked/)
    expect(asked).toContain('GET /delta')
  })

  test('one that nobody who may has signed is not kept', async () => {
    const routes = { '/a': makeCrl(makeCa('Root')) }
    const { url, asked } = await serve(routes)
    const checks = [crlCheck({ crls: fetcherOf().crls })]
    expect(await verify([withPoint(`${url}/a`)], { checks })).toMatch(/^revocation_unknown: .*signature/)
    routes['/a'] = makeCrl(root)
    expect(await verify([withPoint(`${url}/a`)], { checks })).toBe('ok')
    expect(asked).toHaveLength(2)
  })
})

describe('limits', () => {
  test('a server that never answers, and a fetch that does not listen to its signal', async () => {
    const half: Route = (_, response) => void response.writeHead(200).write('x')
    const { url } = await serve({ '/silent': () => {}, '/half': half })
    const deaf: FetchFunction = () => new Promise(() => {})
    for (const options of [{}, { fetch: deaf }]) {
      const { crls } = fetcherOf({ timeoutMs: 50, ...options })
      expect(await verify([withPoint(`${url}/silent`, `${url}/half`)], { checks: [crlCheck({ crls })] })).toMatch(
        /^revocation_unknown/,
      )
    }
  })

  test('an answer that is too large, of any length', async () => {
    const endless: Route = (_, response) => {
      const more = (): void => {
        while (response.write(new Uint8Array(65_536))) {
          /* until the peer is slow */
        }
      }
      response.on('drain', more)
      more()
    }
    const { url } = await serve({ '/large': new Uint8Array(2000), '/endless': endless })
    const { crls } = fetcherOf({ maxCrlBytes: 1000 })
    expect(await verify([withPoint(`${url}/large`, `${url}/endless`)], { checks: [crlCheck({ crls })] })).toMatch(
      /^revocation_unknown/,
    )
  })

  test('an address that failed is not asked again for a while', async () => {
    let time = now
    const { url, asked } = await serve({})
    const { crls } = fetcherOf({ clock: () => time, retryMs: 1000 })
    const pair = { certificate: parsed(withPoint(`${url}/gone`)), issuer }
    for (const moment of [now, now + 999, now + 1001]) {
      time = moment
      expect(await crls(pair)).toEqual([])
    }
    expect(asked).toHaveLength(2)
  })

  test('single flight: many that ask at once share one request', async () => {
    const { url, asked } = await serve({ '/a': makeCrl(root) })
    const checks = [crlCheck({ crls: fetcherOf().crls })]
    const leaf = withPoint(`${url}/a`)
    expect(await Promise.all(Array.from({ length: 20 }, () => verify([leaf], { checks })))).toEqual(
      Array.from({ length: 20 }, () => 'ok'),
    )
    expect(asked).toEqual(['GET /a'])
  })

  test('the cache is bounded in bytes', async () => {
    const crl = makeCrl(root)
    const { url, asked } = await serve({ '/a': crl, '/b': crl })
    const { crls } = fetcherOf({ maxCacheBytes: crl.length + 700 })
    const [a, b] = [parsed(withPoint(`${url}/a`)), parsed(withPoint(`${url}/b`))]
    for (const certificate of [a, a, b, a]) await crls({ certificate, issuer })
    expect(asked).toEqual(['GET /a', 'GET /b', 'GET /a'])
  })

  test('a fetch has to be given', () => {
    expect(() => createFetcher({} as FetcherOptions)).toThrow(expect.objectContaining({ code: 'bad_option' }))
  })
})

describe('OCSP', () => {
  const access = (url: string): Uint8Array =>
    extension(extensionOids.authorityInfoAccess, derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.1'), uri(url))))

  test('RFC 6960 appendix A: a POST, whose answer is kept', async () => {
    const answer = respond(root, [single(certId(root), good)])
    const types: (string | undefined)[] = []
    const { url, asked } = await serve({
      '/': (request, response) => {
        types.push(request.headers['content-type'])
        response.end(answer)
      },
    })
    const leaf = makeLeaf(root, { extra: [access(`${url}/`)] })
    const { ocsp } = fetcherOf()
    const asking = (nonce: boolean): PathCheck[] => [ocspCheck({ mode: 'hard', fetch: ocsp, nonce })]
    for (let i = 0; i < 2; i++) expect(await verify([leaf], { checks: asking(false) })).toBe('ok')
    expect([asked, types]).toEqual([['POST /'], ['application/ocsp-request']])
    expect(await verify([leaf], { checks: asking(true) })).toMatch(/^revocation_unknown/)
    expect(asked).toHaveLength(2)
  })

  test('"revoked" refuses, and what is of no use is not kept', async () => {
    const routes = { '/': respond(root, [single(certId(root), good, { thisUpdate: now - 99 * 3_600_000 })]) }
    const { url, asked } = await serve(routes)
    const leaf = makeLeaf(root, { extra: [access(`${url}/`)] })
    const checks = [ocspCheck({ mode: 'hard', fetch: fetcherOf().ocsp })]
    expect(await verify([leaf], { checks })).toMatch(/^revocation_unknown/)
    routes['/'] = respond(root, [single(certId(root), revoked(1))])
    expect(await verify([leaf], { checks })).toMatch(/^certificate_revoked: .*keyCompromise/)
    expect(asked).toHaveLength(2)
  })
})

describe('issuers (RFC 5280 section 4.2.2.1)', () => {
  const middle = makeCa('Middle', { issuer: root })
  const cms = derSequence(
    derOid('1.2.840.113549.1.7.2'),
    derElement(
      constructedTag(0),
      derSequence(
        derInteger(1),
        derElement(0x31),
        derSequence(derOid('1.2.840.113549.1.7.1')),
        derElement(constructedTag(0), makeCa('Other').der, middle.der),
        derElement(0x31),
      ),
    ),
  )
  const leafAt = (url: string): Made => {
    const access = derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.2'), uri(url)))
    return makeLeaf(middle, { extra: [extension(extensionOids.authorityInfoAccess, access)] })
  }

  test('as DER, PEM or certs-only CMS', async () => {
    const pem = encodePem('CERTIFICATE', middle.der)
    const { url, asked } = await serve({ '/der': middle.der, '/pem': pem, '/p7c': cms, '/no': 'no' })
    const { issuers: aia } = fetcherOf()
    for (const path of ['der', 'pem', 'p7c']) expect(await verify([leafAt(`${url}/${path}`)], { aia })).toBe('ok')
    expect(await verify([leafAt(`${url}/der`)], { aia })).toBe('ok')
    expect(asked).toHaveLength(3)
    for (const path of ['no', 'missing']) {
      expect(await verify([leafAt(`${url}/${path}`)], { aia })).toMatch(/^unknown_ca/)
    }
  })
})

test('CRLs of puretls/pki, by the URL that its CA puts into certificates', async () => {
  const routes: Record<string, Uint8Array> = {}
  const { url } = await serve(routes)
  const ca = await createCa({ name: 'CA' })
  const [kept, lost] = [
    await ca.issue({ names: ['a.example'], crlUrls: [`${url}/crl`] }),
    await ca.issue({ names: ['b.example'], crlUrls: [`${url}/crl`] }),
  ]
  routes['/crl'] = (await ca.createCrl({ revoked: [{ certificate: lost.certificatePem }] })).crl
  const checks = [crlCheck({ crls: createFetcher({ fetch }).crls })]
  const judge = ({ chain }: typeof kept): Promise<string> =>
    verdict(verifyChain(chain, { provider: nodeProvider, trust: ca.certificatePem, checks }))
  expect(await judge(kept)).toBe('ok')
  expect(await judge(lost)).toMatch(/^certificate_revoked/)
})
