// `npm run bench`: how fast puretls is, in ratios to node:tls in the same run. docs/performance.md says how to read it.
// Each contender has a process of its own (contender-process.ts says why), and takes turns with that of node:tls.
//   --only ROW[,ROW]   some rows (their ids are printed with --list)
//   --quick            short turns and three rounds, to see whether something is badly off
//   --json [FILE]      the figures as JSON, to the terminal or to a file
//   --write            the tables go to docs/benchmarks.md
//   --full             4 GiB through one connection instead of 512 MiB
//   --counts           counts of calls, promises, allocations and copies instead of times

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { allCounts } from './counts.ts'
import { calibrate, noise } from './measure.ts'
import type { RowResult, Scale } from './rows.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    write: { type: 'boolean' },
    counts: { type: 'boolean' },
    list: { type: 'boolean' },
    full: { type: 'boolean' },
  },
})

/** The peers have a package.json and a lock file of their own: nothing of them is installed with the project. */
const installPeers = (): void => {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  if (!existsSync(`${folder}node_modules`))
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' })
}

const fixed = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)

const table = ({ title, unit, transport, figures }: RowResult): string => {
  const over = transport === undefined ? '' : transport === 'tcp' ? ', over TCP' : ', over a pair in memory'
  const first = figures[0]?.name ?? ''
  return [
    `## ${title}${over}`,
    '',
    `| | ${unit} | spread | to ${first} |`,
    '|---|---:|---:|---:|',
    ...figures.map(
      ({ name, value, spread, ratio }) =>
        `| ${name} | ${fixed(value)} | ± ${(spread * 100).toFixed(0)} % | ${ratio.toFixed(2)} |`,
    ),
    '',
  ].join('\n')
}

const machine = (): string =>
  `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node} (OpenSSL ${process.versions.openssl}), ` +
  `${cpus().length} x ` +
  `${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}.`

const main = async (): Promise<void> => {
  if (options.counts) return console.log(await allCounts())
  installPeers()
  const { rows } = await import('./rows.ts')
  const { scaleRows } = await import('./rows-scale.ts')
  const { endProcesses } = await import('./subjects.ts')
  const ids = [...rows, ...scaleRows].map(({ id }) => id)
  if (options.list) return console.log(ids.join('\n'))
  const wanted = options.only?.split(',')
  const unknown = wanted?.find((id) => !ids.includes(id))
  if (unknown !== undefined) throw new Error(`no row ${unknown}: there are ${ids.join(', ')}`)
  const scale: Scale = options.quick ? { rounds: 3, turn: 100, warm: 0 } : { rounds: 15, turn: 200, warm: 15_000 }
  const results: RowResult[] = []
  for (const row of [...rows, ...scaleRows]) {
    if (wanted && !wanted.includes(row.id)) continue
    await calibrate()
    results.push(...(await row.run(scale)))
    console.error(row.id)
  }
  await calibrate()
  endProcesses()
  if (!options.json) for (const result of results) console.log(table(result))
  report(results, noise())
}

const report = (results: readonly RowResult[], noisy: string | undefined): void => {
  if (noisy) console.error(noisy)
  if (options.json) {
    const text = `${JSON.stringify({ machine: machine(), noisy, results }, undefined, 2)}\n`
    if (positionals[0]) writeFileSync(positionals[0], text)
    else console.log(text)
  }
  if (options.write) writeDocs(results, noisy)
}

const writeDocs = (results: readonly RowResult[], noisy: string | undefined): void => {
  const file = new URL('../../docs/benchmarks.md', import.meta.url)
  // The last section is of x509.ts.
  const rest = /\n## A chain of three[^]*/.exec(readFileSync(file, 'utf8'))?.[0] ?? ''
  const head = [
    '# Benchmarks',
    '',
    `${machine()}${noisy ? ` Beware: ${noisy}.` : ''}`,
    'Made by `npm run bench -- --write`: client and server in one process, each contender in its own, in turns with ' +
      'the first, per second of processor time,',
    'medians of rounds with half the distance of the quartiles. See [performance.md](performance.md).',
    '',
  ]
  writeFileSync(file, `${head.join('\n')}\n${results.map(table).join('\n')}${rest}`)
}

await main()
process.exit()
