// `npm run runtimes`: packs the package, installs the tarball in a scratch folder as a user would, and runs there the
// checks of scripts/runtimes/conformance.mjs in each runtime. Node.js and workerd come from npm, Bun and Deno are
// development dependencies.
//
//   --only NAME,...   some runtimes: node-20, node-22, node-24, node-26, bun, deno, workerd
//   --write           the tables go to docs/runtimes.md
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
  readonly name: string
  /** Installs what needs nothing of the package. */
  readonly prepare?: () => Promise<unknown>
  /** The name with the version that ran, as a column's head. */
  readonly title: () => Promise<string>
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
    name: `node-${major}`,
    prepare: async () => {
      program = join(await install(`node-${major}`, `node@${major}`), 'node_modules/node/bin/node')
    },
    title: async () => `Node ${(await run(program, ['--version'])).slice(1)}`,
    rows: async () => JSON.parse(await run(program, ['process.mjs'])),
  }
}

/** One out of the development dependencies. */
const own = (name: string, title: string, args: readonly string[]): Runtime => {
  const program = join(root, 'node_modules/.bin', name)
  return {
    name,
    title: async () => `${title} ${/\d+\.\d+\.\d+/.exec(await run(program, ['--version']))?.[0]}`,
    rows: async () => JSON.parse(await run(program, [...args, 'process.mjs'])),
  }
}

const workerd: Runtime = {
  name: 'workerd',
  title: async () => {
    await install('user', 'miniflare@4', 'esbuild@0.28')
    return `workerd ${(await run(join(user, 'node_modules/.bin/workerd'), ['--version'])).split(' ')[1]}`
  },
  rows: async () => JSON.parse(await run(process.execPath, ['run-worker.mjs'])),
}

const runtimes: readonly Runtime[] = [
  ...[20, 22, 24, 26].map(node),
  own('bun', 'Bun', []),
  own('deno', 'Deno', ['run', '--allow-all', '--no-lock', '--quiet']),
  workerd,
]

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, write: { type: 'boolean' }, json: { type: 'boolean' } },
})

const chosen = (): readonly Runtime[] => {
  const names = options.only?.split(',') ?? runtimes.map(({ name }) => name)
  const unknown = names.filter((name) => !runtimes.some((runtime) => runtime.name === name))
  if (unknown.length > 0) throw new Error(`there is no runtime ${unknown.join(', ')}`)
  return runtimes.filter(({ name }) => names.includes(name))
}

const outcomes = async (): Promise<readonly Outcome[]> => {
  const all: Outcome[] = []
  for (const runtime of chosen()) {
    const title = await runtime.title()
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
