// The one table of entry points. scripts/build.ts builds from it, scripts/size.ts measures by it, scripts/pack-test.ts
// imports by it, and test/package/exports.test.ts holds package.json's `exports` and `bin` to it.
import { existsSync } from 'node:fs'

export interface Subpath {
  /** The key in package.json's `exports`. */
  readonly subpath: string
  /** Where its source is, from the repository's root. */
  readonly source: string
  /** The source for runtimes with Node's builtins, where it differs. */
  readonly nodeSource?: string
  /** Works only where Node's builtins exist. */
  readonly needsNode?: true
  /** Packages that whoever imports it has already: optional peer dependencies. */
  readonly peers?: readonly string[]
  /** Largest allowed size of the minified bundle with all its dependencies, gzipped, in bytes. */
  readonly budget: number
}

const kB = 1000

export const subpaths: readonly Subpath[] = [
  { subpath: '.', source: 'src/index.ts', nodeSource: 'src/index.node.ts', budget: 144.3 * kB },
  { subpath: './core', source: 'src/core.ts', budget: 70.7 * kB },
  { subpath: './client', source: 'src/client-entry.ts', budget: 80.0 * kB },
  { subpath: './server', source: 'src/server-entry.ts', budget: 82.0 * kB },
  { subpath: './engine', source: 'src/engine/index.ts', budget: 58.3 * kB },
  { subpath: './x509', source: 'src/x509/index.ts', budget: 40 * kB },
  { subpath: './x509/web', source: 'src/x509/web.ts', budget: 27.5 * kB },
  { subpath: './x509/fetch', source: 'src/x509/fetch.ts', budget: 20.6 * kB },
  { subpath: './x509/ct', source: 'src/x509/ct.ts', budget: 18.1 * kB },
  { subpath: './x509/pins', source: 'src/x509/pins.ts', budget: 36.2 * kB },
  { subpath: './pki', source: 'src/pki/index.ts', budget: 55.8 * kB },
  { subpath: './inspect', source: 'src/inspect/index.ts', budget: 20.0 * kB },
  { subpath: './inspect/trace', source: 'src/inspect/trace-entry.ts', budget: 29 * kB },
  { subpath: './inspect/capture', source: 'src/inspect/capture-entry.ts', budget: 18.5 * kB },
  { subpath: './inspect/certificate', source: 'src/inspect/certificate-entry.ts', budget: 14.6 * kB },
  { subpath: './session', source: 'src/session/index.ts', budget: 8.2 * kB },
  {
    subpath: './compression',
    source: 'src/compression/index.ts',
    nodeSource: 'src/compression/index.node.ts',
    budget: 2 * kB,
  },
  { subpath: './roots', source: 'src/roots/index.ts', budget: 104 * kB },
  { subpath: './node', source: 'src/node/index.ts', needsNode: true, budget: 147.8 * kB },
  { subpath: './node/https', source: 'src/node/https.ts', needsNode: true, budget: 147.4 * kB },
  { subpath: './node/http2', source: 'src/node/http2.ts', needsNode: true, budget: 146.5 * kB },
  { subpath: './node/register', source: 'src/node/register.ts', needsNode: true, budget: 149.4 * kB },
  {
    subpath: './libp2p',
    source: 'src/libp2p/index.ts',
    nodeSource: 'src/libp2p/index.node.ts',
    peers: ['@libp2p/crypto', '@libp2p/interface', '@libp2p/peer-id', '@libp2p/utils'],
    budget: 148.0 * kB,
  },
  { subpath: './acme', source: 'src/acme/index.ts', needsNode: true, budget: 93.2 * kB },
  { subpath: './cli', source: 'src/cli/index.ts', needsNode: true, budget: 227.6 * kB },
  { subpath: './crypto/noble', source: 'src/crypto/noble.ts', budget: 54 * kB },
  { subpath: './crypto/node', source: 'src/crypto/node.ts', needsNode: true, budget: 13.9 * kB },
  { subpath: './crypto/webcrypto', source: 'src/crypto/webcrypto.ts', budget: 56.2 * kB },
  { subpath: './crypto/webcrypto-late', source: 'src/crypto/webcrypto-late.ts', budget: 32 * kB },
]

/** What a program carries that imports these names and no more: each is bundled like a subpath. */
export interface Bundle {
  readonly name: string
  /** Source file of an entry point -> names taken from it. */
  readonly imports: Readonly<Record<string, readonly string[]>>
  /** Where Node's builtins exist. */
  readonly needsNode?: true
  /** As that of a subpath; what is loaded later by import() counts apart. */
  readonly budget: number
}

const client = { 'src/client-entry.ts': ['connect'], 'src/x509/index.ts': ['pathVerifier'] } as const

/** The smallest ones: an engine alone, or over one kind of streams. */
const verifier = { 'src/x509/web.ts': ['webVerifier'] } as const
/** As small as a verifier gets. */
const bare = { 'src/x509/web.ts': ['webVerifierWith'] } as const
const nodeClient = { 'src/client-entry.ts': ['connectOver', 'nodeStreams'] } as const
const overNode = { ...nodeClient, ...bare } as const
const overWeb = { 'src/client-entry.ts': ['connectOver', 'webStreams'], ...bare } as const

export const bundles: readonly Bundle[] = [
  { name: 'small, engine', imports: { 'src/engine/index.ts': ['clientEngine'], ...bare }, budget: 51.8 * kB },
  { name: 'small, over node', imports: overNode, budget: 60.9 * kB },
  { name: 'small, webVerifier', imports: { ...nodeClient, ...verifier }, budget: 65.1 * kB },
  {
    name: 'small, node',
    imports: { ...overNode, 'src/crypto/node.ts': ['nodeSlimProvider'] },
    needsNode: true,
    budget: 68.4 * kB,
  },
  {
    name: 'small, webcrypto',
    imports: { ...overWeb, 'src/crypto/webcrypto.ts': ['webcryptoSlimProvider'] },
    budget: 70.9 * kB,
  },
  {
    name: 'small, webcrypto, SHA-256',
    imports: { ...overWeb, 'src/crypto/webcrypto.ts': ['webcryptoSha256Provider'] },
    budget: 68.2 * kB,
  },
  {
    name: 'small, noble',
    imports: { ...overWeb, 'src/crypto/noble.ts': ['nobleSlimProvider'] },
    budget: 98.2 * kB,
  },
  { name: 'client, own verifier', imports: { 'src/client-entry.ts': ['connect'] }, budget: 54.1 * kB },
  { name: 'client, paths', imports: client, budget: 71.4 * kB },
  {
    name: 'client, paths, node',
    imports: { ...client, 'src/crypto/node.ts': ['nodeProvider'] },
    needsNode: true,
    budget: 80.4 * kB,
  },
  {
    name: 'client, paths, noble',
    imports: { ...client, 'src/crypto/noble.ts': ['nobleProvider'] },
    budget: 118.0 * kB,
  },
  {
    name: 'client, paths, noble slim',
    imports: { ...client, 'src/crypto/noble.ts': ['nobleSlimProvider'] },
    budget: 109.6 * kB,
  },
  {
    name: 'client, paths, webcrypto slim',
    imports: { ...client, 'src/crypto/webcrypto.ts': ['webcryptoSlimProvider'] },
    budget: 82.1 * kB,
  },
  {
    name: 'the same with ML-KEM-768',
    imports: { ...client, 'src/crypto/webcrypto.ts': ['webcryptoWith'], 'src/crypto/noble.ts': ['mlKem768'] },
    budget: 88.5 * kB,
  },
  {
    name: 'client, paths, webcrypto',
    imports: { ...client, 'src/crypto/webcrypto.ts': ['webcryptoProvider'] },
    budget: 120.4 * kB,
  },
  {
    name: 'client, paths, webcrypto late',
    imports: { ...client, 'src/crypto/webcrypto-late.ts': ['webcryptoLateProvider'] },
    budget: 98.1 * kB,
  },
  {
    name: 'client, paths, 1.2, ECH',
    imports: { ...client, 'src/client-entry.ts': ['connectWith', 'tls12', 'ech'] },
    budget: 83.1 * kB,
  },
  { name: 'server', imports: { 'src/server-entry.ts': ['createServer'] }, budget: 61.5 * kB },
  { name: 'verifyChain', imports: { 'src/x509/index.ts': ['verifyChain'] }, budget: 33.8 * kB },
]

export const cliSource = 'src/cli/main.ts'

/** Runtimes that take a subpath's `nodeSource`. */
export const nodeConditions: readonly string[] = ['node', 'bun', 'deno']

/**
 * Runtimes that take `source`, named first because a bundler for them may set `node` too. So does any other, by
 * default.
 */
export const webConditions: readonly string[] = ['workerd', 'browser']

const root = new URL('../', import.meta.url)
const exists = (path: string): boolean => existsSync(new URL(path, root))

/** The subpaths whose source is there. */
export const existingSubpaths = (): readonly Subpath[] => subpaths.filter(({ source }) => exists(source))

/** `src/engine/index.ts` is built as `dist/engine/index.js`; the name is without `dist/` and `.js`. */
export const outputName = (source: string): string => source.replace(/^src\//, '').replace(/\.ts$/, '')

/** Output name -> source, for the bundler. */
export const existingEntries = (): Record<string, string> => {
  const sources = subpaths.flatMap(({ source, nodeSource }) =>
    nodeSource === undefined ? [source] : [source, nodeSource],
  )
  return Object.fromEntries([...sources, cliSource].filter(exists).map((source) => [outputName(source), source]))
}

/** What package.json's `exports` must be. */
export const expectedExports = (): Record<string, unknown> => {
  const target = (source: string): { types: string; default: string } => ({
    types: `./dist/${outputName(source)}.d.ts`,
    default: `./dist/${outputName(source)}.js`,
  })
  const rows = existingSubpaths().map(({ subpath, source, nodeSource }) => [
    subpath,
    nodeSource === undefined || !exists(nodeSource)
      ? target(source)
      : {
          ...Object.fromEntries(webConditions.map((condition) => [condition, target(source)])),
          ...Object.fromEntries(nodeConditions.map((condition) => [condition, target(nodeSource)])),
          ...target(source),
        },
  ])
  return Object.fromEntries([...rows, ['./package.json', './package.json']])
}

/** What package.json's `bin` must be: undefined until the command exists. */
export const expectedBin = (): Record<string, string> | undefined =>
  exists(cliSource) ? { puretls: `./dist/${outputName(cliSource)}.js` } : undefined
