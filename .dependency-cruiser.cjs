// The layering rule of the project: a file imports only from its own floor or from floors below, and there are
// no import cycles. `npm run lint` runs it. To move or add a floor, edit the table; the rules are made from it.

/** Bottom to top. A floor is one folder, or the files that stand beside the folders. */
const floors = [
  ['errors', '(errors|checked-options)\\.ts'],
  ['wire', 'wire/'],
  ['crypto', 'crypto/'],
  ['keys', 'keys/'],
  ['record', 'record/'],
  ['x509', 'x509/'],
  ['roots', 'roots/'],
  ['session', 'session/'],
  ['compression', 'compression/'],
  ['config', '((info|traffic-secrets|options|identity|identities|psk|ech|config)\\.ts|options/|config/)'],
  ['handshake', 'handshake/'],
  ['engine', 'engine/'],
  ['stream', 'stream/'],
  ['inspect', 'inspect/'],
  ['connection', 'connection\\.ts'],
  ['connect', '((connect|server)(-base)?|connect-over|connection-options|(client|server)-machine|sockets(\\.node)?)\\.ts'],
  ['core', '(core|(client|server)-entry|exports|defaults|machines\\.node)\\.ts'],
  ['index', 'index(\\.node)?\\.ts'],
  ['node', 'node/'],
  ['libp2p', 'libp2p/'],
  ['acme', 'acme/'],
  ['cli', 'cli/'],
]

/** pki/ stands beside the ladder: on x509, crypto and wire, under node, libp2p, acme and cli only. */
const pkiStandsOn = ['errors', 'wire', 'crypto', 'x509']
const pkiCarries = ['node', 'libp2p', 'acme', 'cli']

/** The only files that know they run on Node (or a runtime with its builtins). */
const nodeOnly = ['src/crypto/node[a-z-]*\\.ts', 'src/x509/trust\\.node\\.ts', 'src/index\\.node\\.ts', 'src/machines\\.node\\.ts', 'src/sockets\\.node\\.ts', 'src/compression/index\\.node\\.ts', 'src/libp2p/index\\.node\\.ts', 'src/node/', 'src/acme/', 'src/cli/']

/** Run-time packages, and who may import them. Everything else stands on nothing but @noble/*. */
const packages = [
  { name: '@noble', pattern: '@noble/', from: 'src/' },
  { name: '@libp2p', pattern: '@libp2p/', from: 'src/libp2p/' },
  { name: 'commander', pattern: 'commander/', from: 'src/cli/parse\\.ts' },
]

const patternOf = (names) =>
  `^src/(${floors.filter(([name]) => names.includes(name)).map(([, pattern]) => pattern).join('|')})`
const names = floors.map(([name]) => name)

const upward = floors.slice(0, -1).map(([name, pattern], index) => ({
  name: `${name}-imports-upward`,
  comment: `${name} may import only from: ${names.slice(0, index + 1).join(', ')}`,
  severity: 'error',
  from: { path: `^src/${pattern}` },
  to: { path: patternOf(names.slice(index + 1)) },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'pki-stands-on-x509-crypto-wire',
      severity: 'error',
      from: { path: '^src/pki/' },
      to: { path: '^src/', pathNot: [patternOf(pkiStandsOn), '^src/pki/'] },
    },
    {
      name: 'pki-carries-node-libp2p-acme-and-cli-only',
      severity: 'error',
      from: { path: '^src/', pathNot: [patternOf(pkiCarries), '^src/pki/'] },
      to: { path: '^src/pki/' },
    },
    {
      name: 'on-no-floor',
      comment: 'every file under src/ belongs to a floor: add it to the table in .dependency-cruiser.cjs',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: [patternOf(names), '^src/pki/'] },
    },
    {
      name: 'from-no-floor',
      severity: 'error',
      from: { path: '^src/', pathNot: [patternOf(names), '^src/pki/'] },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'imports form no cycle, those of types included: what needs each other is one thing, or lacks a third below both',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'client-and-server-apart',
      comment: 'what both sides need stands on the ground floor of handshake/, or in auth/, key-exchange/ and connection/',
      severity: 'error',
      from: { path: '^src/handshake/(client|server)/' },
      to: { path: '^src/handshake/(client|server)/', pathNot: '^src/handshake/$1/' },
    },
    {
      name: 'rooms-below-client-and-server',
      severity: 'error',
      from: { path: '^src/handshake/', pathNot: '^src/handshake/(client|server)/' },
      to: { path: '^src/handshake/(client|server)/' },
    },
    ...['12', '13'].map((version) => ({
      name: `not-${version}-from-the-other-version`,
      comment: 'the two versions share what has no number in its name',
      severity: 'error',
      from: { path: `^src/handshake/.*${version === '12' ? '13' : '12'}\\.ts$` },
      to: { path: `^src/handshake/.*${version}\\.ts$` },
    })),
    {
      name: 'builtins-stay-in-node-files',
      severity: 'error',
      from: { path: '^src/', pathNot: nodeOnly.map((path) => `^${path}`) },
      to: { dependencyTypes: ['core'] },
    },
    ...packages.map(({ name, pattern, from }) => ({
      name: `${name}-only-from-${from}`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^${from}` },
      to: { path: `^node_modules/${pattern}` },
    })),
    {
      name: 'unknown-package',
      comment: 'a run-time dependency needs a written reason (docs/decisions.md) and a row in this file',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^node_modules/', pathNot: [...packages.map(({ pattern }) => `^node_modules/${pattern}`), '^node_modules/@types/node/'] },
    },
    {
      name: 'unresolved',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.d.ts'], exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
}
