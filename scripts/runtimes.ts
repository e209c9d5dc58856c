// `npm run runtimes`: packs the package, installs the tarball in a scratch folder as a user would, and runs there the
// checks of scripts/runtimes/conformance.mjs in each runtime. Node.js and workerd come from npm, Bun and Deno are
// development dependencies, `chromium` is on the PATH.
//
//   --only NAME,...   some runtimes: node-20, node-22, node-24, node-26, bun, deno, workerd, chromium, chromium-worker
//   --write           the tables go to docs/runtimes.md; not together with --only
//   --json            the rows as they are, on standard output
//
// Ends with 1 if a check fails, or a runtime cannot be had.
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { columns } from './runtimes/columns.ts'
import type { Column } from './runtimes/columns.ts'
import { tables } from './runtimes/tables.ts'
import type { Outcome, Row } from './runtimes/tables.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'puretls-runtimes-'))
const user = join(scratch, 'user')

/** Builds in a copy, for whatever else runs meanwhile may use what is built here. */
const pack = async (): Promise<void> => {
  const copy = join(scratch, 'package')
  const left = new Set(['node_modules', 'dist', '.git', 'test', 'vectors'].map((name) => join(root, name)))
  cpSync(root, copy, { recursive: true, filter: (path) => !left.has(path) })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  await run('npm', ['pack', '--pack-destination', scratch], copy)
}

interface Runtime {
  /** Installs what needs nothing of the package. */
  readonly prepare?: () => Promise<unknown>
  /** The version that ran. */
  readonly version: () => Promise<string>
  readonly rows: () => Promise<readonly Row[]>
}

const run = async (command: string, args: readonly string[], cwd = user): Promise<string> => {
  const { stdout } = await promisify(execFile)(command, args, { cwd, timeout: 180_000, maxBuffer: 1 << 26 })
  return stdout.trim()
}

/** Installs a package in a folder of its own, and gives the folder. */
const install = async (name: string, ...packages: readonly string[]): Promise<string> => {
  const folder = join(scratch, name)
  mkdirSync(folder, { recursive: true })
  const manifest = join(folder, 'package.json')
  if (!existsSync(manifest)) writeFileSync(manifest, JSON.stringify({ private: true, type: 'module' }))
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], folder)
  return folder
}

const node = (major: number): Runtime => {
  let program = ''
  return {
    prepare: async () => {
      program = join(await install(`node-${major}`, `node@${major}`), 'node_modules/node/bin/node')
    },
    version: async () => (await run(program, ['--version'])).slice(1),
    rows: async () => JSON.parse(await run(program, ['process.mjs'])),
  }
}

const dotted = async (program: string): Promise<string> =>
  /\d+(\.\d+)+/.exec(await run(program, ['--version']))?.[0] ?? 'of no version'

/** One out of the development dependencies. */
const own = (name: string, args: readonly string[]): Runtime => {
  const program = join(root, 'node_modules/.bin', name)
  return {
    version: () => dotted(program),
    rows: async () => JSON.parse(await run(program, [...args, 'process.mjs'])),
  }
}

const workerd: Runtime = {
  version: async () => {
    await install('user', 'miniflare@4', 'ws@8', 'esbuild@0.28')
    return (await run(join(user, 'node_modules/.bin/workerd'), ['--version'])).split(' ')[1] ?? ''
  },
  rows: async () => JSON.parse(await run(process.execPath, ['run-worker.mjs'])),
}

const chromium = (place: 'page' | 'worker'): Runtime => ({
  version: async () => {
    await install('user', 'ws@8', 'esbuild@0.28')
    return dotted('chromium')
  },
  rows: async () => JSON.parse(await run(process.execPath, ['run-browser.mjs', 'chromium', place])),
})

const runtimes: Readonly<Record<string, Runtime>> = {
  'node-20': node(20),
  'node-22': node(22),
  'node-24': node(24),
  'node-26': node(26),
  bun: own('bun', []),
  deno: own('deno', ['run', '--allow-all', '--no-lock', '--quiet']),
  workerd,
  chromium: chromium('page'),
  'chromium-worker': chromium('worker'),
}

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, write: { type: 'boolean' }, json: { type: 'boolean' } },
})

const chosen = (): readonly (Column & Runtime)[] => {
  if (options.write && options.only) throw new Error('--write takes every runtime, and --only some')
  const names = options.only?.split(',') ?? columns.map(({ name }) => name)
  const unknown = names.filter((name) => !columns.some((column) => column.name === name))
  if (unknown.length > 0) throw new Error(`there is no runtime ${unknown.join(', ')}`)
  return columns.filter(({ name }) => names.includes(name)).map((column) => ({ ...column, ...runtimeOf(column.name) }))
}

const runtimeOf = (name: string): Runtime => {
  const runtime = runtimes[name]
  if (!runtime) throw new Error(`nothing runs ${name}`)
  return runtime
}

const outcomes = async (): Promise<readonly Outcome[]> => {
  const all: Outcome[] = []
  for (const runtime of chosen()) {
    const title = runtime.title(await runtime.version())
    const rows = await runtime.rows()
    const failed = rows.filter(({ result }) => result !== 'yes')
    console.error(`${title}: ${rows.length - failed.length} of ${rows.length}`)
    for (const { transport, version, check, result } of failed)
      console.error(`  ${transport}, ${version}, ${check}: ${result}`)
    all.push({ name: runtime.name, title, rows })
  }
  return all
}

try {
  // Installing waits for the network, building for the processor.
  await Promise.all([pack(), ...chosen().map(({ prepare }) => prepare?.())])
  const tarball = readdirSync(scratch).find((file) => file.endsWith('.tgz'))
  await install('user', join(scratch, tarball ?? ''))
  for (const file of readdirSync(join(root, 'scripts/runtimes')).filter((file) => file.endsWith('.mjs')))
    copyFileSync(join(root, 'scripts/runtimes', file), join(user, file))
  const all = await outcomes()
  if (options.json) console.log(JSON.stringify(all))
  if (options.write) writeFileSync(join(root, 'docs/runtimes.md'), tables(all))
  if (all.some(({ rows }) => rows.some(({ result }) => result !== 'yes'))) process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
