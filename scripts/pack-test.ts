// `npm run test:pack`: packs the package (which builds it), installs the tarball in an empty folder as a user would,
// and there: imports every entry of `exports`, type-checks an import of each under both module resolutions that users
// have, runs a handshake over pair() with certificates from puretls/pki, and runs the command. On this Node, and on the
// one further down PATH if it is another; with the conditions of Node, with those of a browser, and bundled into one
// file.
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { existingSubpaths } from './subpaths.ts'
import type { Subpath } from './subpaths.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'puretls-pack-'))
const folder = join(scratch, 'user')
mkdirSync(folder)

try {
  const tarball = pack()
  install(tarball)
  for (const node of nodes()) for (const condition of [undefined, 'browser']) use(node, condition)
  installPeers()
  typeCheck()
  importAll(process.execPath, existingSubpaths())
  await useBundled()
  console.log('pack test: ok')
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function pack(): string {
  const output = run('npm', ['pack', '--json', '--pack-destination', scratch], root)
  // The build's own lines come before the JSON.
  const parsed: unknown = JSON.parse(output.slice(output.search(/^[[{]$/m)))
  const [packed] = Array.isArray(parsed) ? parsed : Object.values(Object(parsed))
  const files: string[] = packed.files.map(({ path }: { path: string }) => path)
  console.log(
    `packed ${packed.filename}: ${files.length} files, ${(packed.size / 1000).toFixed(0)} kB, unpacked ` +
      `${(packed.unpackedSize / 1000).toFixed(0)} kB`,
  )
  const documents = [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'SECURITY.md',
    'CONTRIBUTING.md',
    'THIRD_PARTY.md',
  ]
  const kinds = [
    /^dist\/.*\.(js|d\.ts)$/,
    /^docs\/[A-Za-z0-9-]+\.(md|svg)$/,
    /^docs\/(examples|recipes)\/[a-z0-9.-]+\.ts$/,
    /^docs\/images\/[a-z0-9-]+\.svg$/,
    /^docs\/schemas\/[a-z0-9-]+\.json$/,
  ]
  const strays = files.filter((path) => !documents.includes(path) && !kinds.some((kind) => kind.test(path)))
  if (strays.length > 0) throw new Error(`the tarball holds what it should not: ${strays.join(', ')}`)
  return join(scratch, packed.filename)
}

function install(tarball: string): void {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }))
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], folder)
  const installed = JSON.parse(readFileSync(join(folder, 'node_modules/puretls/package.json'), 'utf8'))
  const listed = Object.keys(installed.exports).filter((key) => key !== './package.json')
  const expected = existingSubpaths().map(({ subpath }) => subpath)
  if (listed.join() !== expected.join())
    throw new Error(`exports ${listed.join()}, but the sources are there for ${expected.join()}`)
  for (const file of targets(installed.exports)) {
    if (!existsSync(join(folder, 'node_modules/puretls', file)))
      throw new Error(`exports names ${file}, which is not in the tarball`)
  }
  checkContents(join(folder, 'node_modules/puretls'))
  for (const script of ['import-all.mjs', 'handshake.mjs', 'required.cjs'])
    copyFileSync(join(root, 'scripts/pack', script), join(folder, script))
}

/**
 * Builtins are imported with their `node:` prefix, without which workers do not find them; Mozilla's notice is still
 * there.
 */
function checkContents(installed: string): void {
  const modules = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.js'),
  )
  const bare = new Set(builtinModules.filter((name) => !name.startsWith('node:')))
  for (const path of modules) {
    const code = readFileSync(join(installed, 'dist', path), 'utf8')
    for (const [, name = ''] of code.matchAll(/^(?:import|export)[^'"]*['"]([^'"]+)['"]/gm)) {
      if (bare.has(name)) throw new Error(`dist/${path} imports '${name}' without its node: prefix`)
    }
    if (code.includes('AC RAIZ FNMT') !== code.includes('MPL-2.0'))
      throw new Error(`dist/${path} holds Mozilla's roots without their notice`)
  }
}

function targets(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(Object(value)).flatMap(targets)
}

/** What programs have that import the subpaths which stand on packages of their own. */
function installPeers(): void {
  const peers = new Set(existingSubpaths().flatMap(({ peers: some = [] }) => some))
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...peers], folder)
}

function typeCheck(): void {
  const imports = existingSubpaths().map(
    ({ subpath }, index) => `import * as m${index} from 'puretls${subpath.slice(1)}'\nexport { m${index} }`,
  )
  writeFileSync(join(folder, 'user.mts'), `${imports.join('\n')}\n`)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const common = [
    '--noEmit',
    '--strict',
    '--target',
    'es2023',
    '--lib',
    'es2023,dom,dom.iterable,dom.asynciterable',
    '--exactOptionalPropertyTypes',
  ]
  const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
  for (const resolution of [
    ['--module', 'nodenext'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ]) {
    run(process.execPath, [tsc, ...common, ...types, ...resolution, 'user.mts'], folder)
    console.log(`declarations of ${imports.length} subpaths under ${resolution.at(-1)}: ok`)
  }
}

function importAll(node: string, subpaths: readonly Subpath[], flags: readonly string[] = []): void {
  const names = subpaths.map(({ subpath }) => `puretls${subpath.slice(1)}`)
  console.log(run(node, [...flags, 'import-all.mjs', ...names], folder).trimEnd())
}

/** This Node, and the first one on PATH that is not from node_modules: what a user of this machine would run. */
function nodes(): string[] {
  const others = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
  const other = others.map((folder) => join(folder, 'node')).find((path) => existsSync(path))
  const all = [process.execPath, ...(other === undefined ? [] : [other])].map((path) => realpathSync(path))
  return [...new Set(all)].filter(isSupported)
}

/** A machine may have one that is older than "engines" of package.json. */
function isSupported(node: string): boolean {
  const [major = 0, minor = 0] = run(node, ['--version'], folder).slice(1).split('.').map(Number)
  const supported = major > 20 || (major === 20 && minor >= 19)
  if (!supported) console.log(`node ${major}.${minor} of this machine is older than what puretls supports`)
  return supported
}

function use(node: string, condition: string | undefined): void {
  const flags = condition === undefined ? [] : [`--conditions=${condition}`]
  console.log(
    `node ${run(node, ['--version'], folder).trim()}${
      condition === undefined ? '' : ' with the condition ' + `"${condition}"`
    }`,
  )
  importAll(
    node,
    existingSubpaths().filter(({ peers }) => peers === undefined),
    flags,
  )
  console.log(run(node, [...flags, 'handshake.mjs'], folder).trimEnd())
  if (condition === undefined) {
    for (const flag of ['--import', '--require']) {
      console.log(run(node, [flag, 'puretls/node/register', 'required.cjs'], folder).trimEnd())
    }
  }
  const bin = join(folder, 'node_modules/.bin/puretls')
  if (condition === undefined && existsSync(bin))
    console.log(`puretls --version: ${run(node, [realpathSync(bin), '--version'], folder).trim()}`)
}

/**
 * A bundler may drop what it takes for free of side effects: the handshake must work from one minified file as well.
 */
async function useBundled(): Promise<void> {
  await build({
    absWorkingDir: folder,
    entryPoints: ['handshake.mjs'],
    outfile: 'bundle.mjs',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    external: ['node:assert/strict'],
    logLevel: 'error',
  })
  console.log(`bundled for a browser\n${run(process.execPath, ['bundle.mjs'], folder).trimEnd()}`)
}

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 180_000,
    maxBuffer: 1 << 26,
  })
}
