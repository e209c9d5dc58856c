// Every public function, called with what is no argument for it: a TlsError says so, and no option that nobody knows is
// ignored. What only this library makes (a parsed certificate, a configuration, a provider) is left to its type.

import { beforeAll, describe, expect, it } from 'vitest'
import { existingSubpaths } from '../../scripts/subpaths.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import * as pki from '../../src/pki/index.ts'
import * as root from '../../src/index.node.ts'
import * as session from '../../src/session/index.ts'
import * as ct from '../../src/x509/ct.ts'
import { createFetcher } from '../../src/x509/fetch.ts'
import * as x509 from '../../src/x509/index.ts'
import * as pins from '../../src/x509/pins.ts'
import { oddArguments as odd } from '../fixtures/odd-arguments.ts'

type Call = (...given: readonly unknown[]) => unknown

/** Node's own interface has node's own rules and errors (test/node/arguments.test.ts); a command line has words. */
const elsewhere: readonly string[] = ['./node', './node/https', './node/http2', './node/register', './cli']

/** Functions, by the argument that only this library makes, or that is an error's own text. */
const typed = new Set([
  ...['TlsError', 'CertificateError', 'AcmeError'],
  ...['connectWith', 'connectOver', 'createServerWith', 'clientConfig', 'clientEngine', 'serverConfig', 'serverEngine'],
  ...['createClientEngine', 'createServerEngine', 'nobleWith', 'webcryptoWith'],
  ...['certificateText', 'checkSignatureFrom', 'createOcspRequest', 'issuerOf', 'sameName', 'spkiPin'],
  ...['defaultSctPolicy', 'encodeSession', 'annotateFields', 'annotateMessage', 'fieldJson', 'findField', 'leavesOf'],
  ...['describeAlert', 'describeCipherSuite', 'describeContentType', 'describeExtension', 'describeGroup'],
  ...['describeHandshakeType', 'describeSignatureScheme', 'describeVersion', 'ja3', 'ja3String', 'ja4', 'ja4Raw'],
  ...['formatLadder', 'formatTrace', 'formatTraceData', 'ladderLine', 'scheduleLines', 'seenRecord', 'traceData'],
  ...['traceJson', 'hexdump'],
])

const calls: readonly (readonly unknown[])[] = [
  [],
  ...odd.map((one) => [one]),
  ...odd.map((one) => [{}, one]),
  ...odd.map((one) => [new Uint8Array(3), one]),
  ...odd.map((one) => ['x', 'y', one]),
]

const isClass = (value: Call): boolean => /^class\b/.test(Function.prototype.toString.call(value))

/** Undefined for an answer or a TlsError. */
const outcome = async (call: Call, given: readonly unknown[]): Promise<string | undefined> => {
  try {
    await (isClass(call) ? Reflect.construct(call, [...given]) : call(...given))
  } catch (error) {
    if (!(error instanceof TlsError)) return `${String(error)} for ${given.map(describeValue).join(', ')}`
    if (error.code === 'internal_error') return `${error.message} for ${given.map(describeValue).join(', ')}`
  }
  return undefined
}

const describeValue = (value: unknown): string => {
  try {
    return typeof value === 'symbol' ? 'a symbol' : (JSON.stringify(value) ?? String(value))
  } catch {
    return typeof value
  }
}

describe.each(existingSubpaths().filter(({ subpath }) => !elsewhere.includes(subpath)))(
  '$subpath',
  ({ source, nodeSource }) => {
    it('what is no argument gives a TlsError', async () => {
      const file = new URL(`../../${nodeSource ?? source}`, import.meta.url).href
      const entry: Readonly<Record<string, unknown>> = await import(/* @vite-ignore */ file)
      const wrong: string[] = []
      for (const [name, value] of Object.entries(entry)) {
        if (typeof value !== 'function' || typed.has(name)) continue
        for (const given of calls) {
          const what = await outcome(value as Call, given)
          if (what !== undefined) wrong.push(`${name}: ${what}`)
        }
      }
      expect(wrong).toEqual([])
    })
  },
)

const refusal = async (call: () => unknown): Promise<string> => {
  try {
    await call()
  } catch (error) {
    return error instanceof TlsError ? `${error.code}: ${error.message}` : `not a TlsError: ${String(error)}`
  }
  return 'taken'
}

const provider = nodeProvider
let ca: pki.Ca
let leaf: pki.Issued
beforeAll(async () => {
  ca = await pki.createCa({ name: 'CA' })
  leaf = await ca.issue({ names: ['a.test'] })
})

/** As a caller without types writes it. */
const untyped = <T>(options: unknown): T => options as T

const misspelt: readonly (readonly [string, string, () => unknown])[] = [
  ['createCa', 'nameConstraints', () => pki.createCa(untyped({ name: 'a', nameConstraint: {} }))],
  [
    'createCa, in a group',
    'nameConstraints.permitted',
    () => pki.createCa(untyped({ name: 'a', nameConstraints: { permited: ['a.test'] } })),
  ],
  ['createCa, a name of another library', 'pathLength', () => pki.createCa(untyped({ name: 'a', pathLen: 0 }))],
  ['createCa, in its name', 'name.commonName', () => pki.createCa(untyped({ name: { CN: 'a' } }))],
  ['selfSigned', 'names', () => pki.selfSigned(untyped({ altNames: ['a.test'] }))],
  ['ca.issue', 'days', () => ca.issue(untyped({ names: ['a.test'], day: 1 }))],
  ['ca.sign', 'purposes', () => ca.sign('', untyped({ extendedKeyUsage: ['clientAuth'] }))],
  ['ca.createIntermediate', 'pathLength', () => ca.createIntermediate(untyped({ name: 'a', pathlength: 0 }))],
  ['ca.createCrl', 'nextUpdate', () => ca.createCrl(untyped({ nextupdate: 1 }))],
  [
    'ca.createCrl, an entry',
    'revoked.reason',
    () => ca.createCrl(untyped({ revoked: [{ certificate: leaf.certificate, reasn: 'superseded' }] })),
  ],
  [
    'ca.createOcspResponse, an answer',
    'answers.status',
    () => ca.createOcspResponse(untyped({ answers: [{ certificate: leaf.certificate, satus: 'revoked' }] })),
  ],
  ['createRequest', 'names', () => pki.createRequest(untyped({ name: 'a', san: ['a.test'] }))],
  ['createLeafCache', 'capacity', () => pki.createLeafCache(ca, untyped({ capcity: 5 }))],
  [
    'createPkcs12',
    'friendlyName',
    () => pki.createPkcs12(untyped({ cert: leaf.certificate, password: 'a', alias: 'x' })),
  ],
  [
    'readPkcs12',
    'limits.scryptCost',
    () => pki.readPkcs12(leaf.certificate, '', untyped({ limits: { scryptCosts: 1 } })),
  ],
  ['decryptPrivateKey', 'decipher', () => pki.decryptPrivateKey('', '', untyped({ deciper: () => {} }))],
  ['encryptPrivateKey', 'iterations', () => pki.encryptPrivateKey(leaf.privateKey, 'a', untyped({ iteration: 5 }))],
  [
    'issueDelegatedCredential',
    'lifetimeSeconds',
    () => pki.issueDelegatedCredential(untyped({ ...leaf, lifetimeSecond: 5 })),
  ],
  [
    'verifyChain',
    'serverName',
    () => x509.verifyChain([leaf.certificate], untyped({ provider, trust: ca.certificate, servername: 'other.test' })),
  ],
  ['loadCa', 'privateKeyPem', () => pki.loadCa(untyped({ certificatePem: ca.certificatePem, privateKeyPm: '' }))],
  ['trustStore', 'skipUnreadable', () => x509.trustStore(ca.certificate, untyped({ skipUnreadble: true }))],
  [
    'ca.createIntermediate, in a group',
    'nameConstraints.excluded',
    () => ca.createIntermediate(untyped({ name: 'a', nameConstraints: { exclude: ['a.test'] } })),
  ],
  [
    'verifyAllChains',
    'trust',
    () => x509.verifyAllChains([leaf.certificate], untyped({ provider, ca: ca.certificate })),
  ],
  [
    'chainVerifier',
    'budgets.signatures',
    () => x509.chainVerifier(untyped({ provider, trust: [], budgets: { signature: 5 } })),
  ],
  ['pathVerifier', 'maxDepth', () => x509.pathVerifier(untyped({ provider, trust: [], maxdepth: 1 }))],
  ['crlCheck', 'mode', () => x509.crlCheck(untyped({ crls: [], mod: 'hard' }))],
  ['ocspCheck', 'mustStaple', () => x509.ocspCheck(untyped({ muststaple: true }))],
  ['daneVerifier', 'records', () => pins.daneVerifier(untyped({ provider, record: [] }))],
  ['pinCheck', 'where', () => pins.pinCheck(untyped({ pins: [], were: 'leaf' }))],
  ['sctCheck', 'policy', () => ct.sctCheck(untyped({ logs: [], polcy: () => undefined }))],
  ['createFetcher', 'timeoutMs', () => createFetcher(untyped({ fetch, timeout: 5 }))],
  [
    'tofuVerifier',
    'onFirstUse',
    () => pins.tofuVerifier(untyped({ provider, store: new Map(), onFirstuse: () => false })),
  ],
  ['systemRoots', 'source', () => root.systemRoots(untyped({ sources: 'bundled' }))],
  ['generateEchKeys', 'configId', () => root.generateEchKeys(untyped({ publicName: 'a.test', configid: 5 }))],
  ['pair', 'highWaterMark', () => root.pair(untyped({ highwatermark: 1 }))],
  ['memoryStore', 'capacity', () => session.memoryStore(untyped({ capcity: 1 }))],
  ['memorySessionCache', 'perServer', () => session.memorySessionCache(untyped({ perserver: 1 }))],
  ['memoryReplayGuard', 'quarantine', () => session.memoryReplayGuard(untyped({ qarantine: 1 }))],
  ['sharedTicketKeys', 'secret', () => session.sharedTicketKeys(untyped({ provider, secrets: new Uint8Array(32) }))],
]

describe('an unknown option is refused by name, with the likely one', () => {
  it.each(misspelt)('%s: %s', async (_, likely, call) => {
    expect(await refusal(call)).toMatch(new RegExp(`^bad_option: .*unknown option; did you mean ${likely}\\?$`))
  })
})

describe('a value that would turn a check off is refused', () => {
  const options = { provider, trust: [] }
  it.each<readonly [string, () => unknown]>([
    ['mode in other letters', () => x509.ocspCheck(untyped({ mode: 'Hard' }))],
    ['mode of CRLs', () => x509.crlCheck(untyped({ crls: [], mode: 'off' }))],
    ['a clock skew that is no number', () => x509.crlCheck({ crls: [], skew: Number.NaN })],
    ['an unknown depth', () => x509.crlCheck(untyped({ crls: [], depth: 'all' }))],
    ['a profile that there is not', () => x509.chainVerifier(untyped({ ...options, profile: 'strict' }))],
    ['no purpose at all', () => x509.verifyChain([leaf.certificate], { ...options, purpose: [] })],
    ['a misspelt purpose', () => x509.verifyChain([leaf.certificate], { ...options, purpose: 'serverauth' })],
    ['no trust', () => x509.verifyChain([leaf.certificate], untyped({ provider }))],
    ['no provider', () => x509.verifyChain([leaf.certificate], untyped({ trust: [] }))],
    ['a chain that is no list', () => x509.verifyChain(untyped(leaf.certificate), options)],
    [
      'a status that there is not',
      () => ca.createOcspResponse(untyped({ answers: [{ certificate: leaf.certificate, status: 'Revoked' }] })),
    ],
    [
      'a reason that there is not',
      () => ca.createCrl(untyped({ revoked: [{ certificate: leaf.certificate, reason: 'toString' }] })),
    ],
  ])('%s', async (_, call) => {
    expect(await refusal(call)).toMatch(/^bad_option: /)
  })
})

const certificateOptions = [
  ...['days', 'notBefore', 'notAfter', 'name', 'serialNumber', 'names', 'keyUsage', 'policies', 'pathLength'],
  ...['crlUrls', 'ocspUrls', 'issuerUrls', 'extensions', 'clock', 'key', 'publicKey', 'nameConstraints', 'ca'],
  ...['client', 'server', 'purposes', 'delegation', 'mustStaple', 'request'],
]
const verificationOptions = [
  ...[
    'trust',
    'profile',
    'maxDepth',
    'budgets',
    'partialChain',
    'policies',
    'keyUsage',
    'checks',
    'time',
    'serverName',
  ],
  ...['purpose', 'ocspResponse', 'scts', 'signatureAlgorithms', 'fingerprint', 'defaultChecks', 'isPublicSuffix'],
]

/** Each option by itself, with values of every kind. */
const optionsOf: readonly (readonly [string, readonly string[], (options: unknown) => unknown])[] = [
  ['createCa', certificateOptions, (options) => pki.createCa({ name: 'CA', ...untyped<object>(options) })],
  ['selfSigned', certificateOptions, (options) => pki.selfSigned({ names: ['a'], ...untyped<object>(options) })],
  ['ca.issue', certificateOptions, (options) => ca.issue({ names: ['a'], ...untyped<object>(options) })],
  ['createRequest', certificateOptions, (options) => pki.createRequest(untyped(options))],
  [
    'ca.createCrl',
    ['revoked', 'number', 'thisUpdate', 'nextUpdate', 'days', 'scope', 'extensions', 'clock'],
    (options) => ca.createCrl(untyped(options)),
  ],
  [
    'ca.createCrl, an entry',
    ['certificate', 'serialNumber', 'date', 'reason', 'extensions'],
    (options) => ca.createCrl({ revoked: [{ serialNumber: '05', ...untyped<object>(options) }] }),
  ],
  [
    'ca.createOcspResponse',
    ['answers', 'nonce', 'thisUpdate', 'nextUpdate', 'hours', 'responder', 'hash'],
    (options) => ca.createOcspResponse({ answers: [{ serialNumber: '05' }], ...untyped<object>(options) }),
  ],
  [
    'ca.createOcspResponse, an answer',
    ['certificate', 'serialNumber', 'status', 'reason', 'revokedAt'],
    (options) => ca.createOcspResponse({ answers: [{ serialNumber: '05', ...untyped<object>(options) }] }),
  ],
  [
    'createPkcs12',
    ['cert', 'key', 'password', 'friendlyName', 'iterations'],
    (options) =>
      pki.createPkcs12({ cert: leaf.certificate, password: 'a', iterations: 1, ...untyped<object>(options) }),
  ],
  [
    'loadCa',
    ['cert', 'key', 'clock'],
    (options) => pki.loadCa({ cert: ca.certificate, key: ca.privateKey, ...untyped<object>(options) }),
  ],
  [
    'verifyChain',
    verificationOptions,
    (options) => x509.verifyChain([leaf.certificate], { provider, trust: ca.certificate, ...untyped<object>(options) }),
  ],
  [
    'crlCheck',
    ['crls', 'signers', 'mode', 'depth', 'maxAge', 'skew'],
    (options) => x509.crlCheck({ crls: [], ...untyped<object>(options) }),
  ],
  ['ocspCheck', ['responses', 'fetch', 'nonce', 'maxAge', 'skew'], (options) => x509.ocspCheck(untyped(options))],
]

describe('an option of another kind, or beyond what can be written, gives a TlsError', () => {
  const values = [...odd.slice(1), -1e300, 1e300, Number.POSITIVE_INFINITY, 0.5, ['x', 5], [[]], { value: 'x' }]
  it.each(optionsOf)('%s', async (_, names, call) => {
    const wrong: string[] = []
    for (const name of names) {
      for (const value of values) {
        const what = await outcome(call, [{ [name]: value }])
        if (what !== undefined) wrong.push(`${name}: ${what}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

it('generateEchKeys takes the provider of its entry point', async () => {
  const { config } = await root.generateEchKeys({ publicName: 'a.test' })
  expect(config.length).toBeGreaterThan(0)
})
