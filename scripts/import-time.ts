// `npm run import-time`: how long a fresh process takes to import the built entry points, as medians over processes
// taken in turns: milliseconds on the clock, and of the processor, which other work on the machine disturbs less.
// node:tls and node:crypto are there to compare with. `--runs 15`. Build first.

import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '15' } } })
const runs = Number(values.runs)

const built = (path: string): string => new URL(`../dist/${path}`, import.meta.url).href
const modules: Readonly<Record<string, string>> = {
  'node:crypto': 'node:crypto',
  'node:tls': 'node:tls',
  puretls: built('index.node.js'),
  'puretls, and a first connection': built('index.node.js'),
  'puretls/client': built('client-entry.js'),
  'puretls/core': built('core.js'),
  'puretls/node': built('node/index.js'),
  'puretls/x509': built('x509/index.js'),
  'puretls/pki': built('pki/index.js'),
  'puretls/crypto/node': built('crypto/node.js'),
  'puretls/crypto/noble': built('crypto/noble.js'),
}

interface Times {
  readonly clock: number
  readonly processor: number
}

/** The connection fails at once: what it needs is loaded by then. */
const once = (name: string, module: string): Times => {
  const connecting = name.includes('first connection')
    ? "const [end] = m.pair(); const late = m.connect(end, { serverName: 'localhost', ca: '' }).catch(() => {}); " +
      'await late'
    : ''
  const code = `
    const [clock, processor] = [performance.now(), process.cpuUsage()]
    const m = await import(${JSON.stringify(module)})
    ${connecting}
    const { user, system } = process.cpuUsage(processor)
    console.log(JSON.stringify({ clock: performance.now() - clock, processor: (user + system) / 1000 }))`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' })
  return JSON.parse(output) as Times
}

const median = (numbers: readonly number[]): string => {
  const sorted = numbers.toSorted((a, b) => a - b)
  return (sorted[sorted.length >> 1] ?? 0).toFixed(1)
}

const times = new Map(Object.keys(modules).map((name) => [name, [] as Times[]]))
for (let run = 0; run < runs; run++) {
  for (const [name, module] of Object.entries(modules)) times.get(name)?.push(once(name, module))
}
console.log(
  `| import, Node ${process.versions.node}, medians of ${runs} | ms | of the processor | least |\n|---|---:|---:|---:|`,
)
for (const [name, list] of times) {
  const processor = list.map((time) => time.processor)
  const [clock, least] = [median(list.map((time) => time.clock)), Math.min(...processor).toFixed(1)]
  console.log(`| ${name} | ${clock} | ${median(processor)} | ${least} |`)
}
