// npm run conformance:tlsfuzzer -- CHECKOUT: runs the TLS 1.3 and 1.2 scripts of a checkout of tlsfuzzer, one by one,
// against servers of ours on ports that the system chose; prints each conversation that fails, and one line of counts.
// Nothing of tlsfuzzer is here.
//
//   --python FILE    a Python that has tlslite-ng and ecdsa; default: python3
//   --only A,B       these scripts only
//   --verbose        what each failed conversation saw
//   --count N        conversations of each script, drawn by the script itself; default: 50; 0 for all

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Ca, createCa } from '../../../src/pki/index.ts'
import { reasonOf } from './differences.ts'
import { type Row, table } from './scripts.ts'
import { type ServerKind, startServer } from './servers.ts'

interface Outcome {
  readonly row: Row
  /** Conversations that ran; 0 where the script did not get to its end. */
  readonly total: number
  readonly failed: readonly string[]
  readonly output: string
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    only: { type: 'string' },
    count: { type: 'string', default: '50' },
    verbose: { type: 'boolean' },
  },
})
const [checkout] = positionals
if (checkout === undefined)
  throw new Error('usage: npm run conformance:tlsfuzzer -- CHECKOUT [--python FILE] [--only A,B] [--count N]')

const writeClientKeys = async (ca: Ca): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'puretls-tlsfuzzer-'))
  for (const [name, key] of [
    ['rsa', 'rsa-2048'],
    ['ecdsa', 'ecdsa-p256'],
    ['ed25519', 'ed25519'],
  ] as const) {
    const issued = await ca.issue({ names: ['client.example'], key })
    writeFileSync(join(folder, `client-${name}.pem`), issued.certificatePem)
    writeFileSync(join(folder, `client-${name}-key.pem`), issued.privateKeyPem)
  }
  return folder
}

/** Runs one script to its end, at most ten minutes. */
const runScript = (row: Row, port: number, keys: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const own = row.args.map((argument) => argument.replace('KEYS', keys))
    const count = own.includes('-n') || row.script === 'tls13-certificate-request' ? [] : ['-n', values.count]
    const args = [
      join(checkout, 'scripts', `test-${row.script}.py`),
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      ...count,
      ...own,
    ]
    const child = spawn(values.python, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 })
    let output = ''
    child.stdout.on('data', (data) => void (output += data))
    child.stderr.on('data', (data) => void (output += data))
    child.on('error', reject)
    child.on('close', () => resolve({ row, ...read(output), output }))
  })

/** The end of a script's output: counts, and the names of what failed as Python writes strings. */
const read = (output: string): Pick<Outcome, 'total' | 'failed'> => {
  const end = output.slice(output.lastIndexOf('Test end'))
  const total = Number(/^(?:TOTAL|successful): (\d+)$/m.exec(end)?.[1] ?? 0)
  const names = /^FAILED:\n((?:\t.*\n?)+)/m.exec(end)?.[1] ?? ''
  const failed = names
    .split('\n')
    .map((line) => line.trim().slice(1, -1))
    .filter((name) => name !== '')
  return { total, failed: [...new Set(failed)] }
}

const wanted = values.only?.split(',')
const rows = table.filter(({ script }) => wanted === undefined || wanted.includes(script))
const ca = await createCa({ name: 'tlsfuzzer' })
const keys = await writeClientKeys(ca)
const outcomes: Outcome[] = []
const listeners = new Map<ServerKind, Awaited<ReturnType<typeof startServer>>>()
try {
  for (const row of rows) {
    const listener = listeners.get(row.server) ?? (await startServer(ca, row.server))
    listeners.set(row.server, listener)
    const outcome = await runScript(row, listener.address.port, keys)
    outcomes.push(outcome)
    report(outcome)
  }
} finally {
  for (const listener of listeners.values()) await listener.close()
  rmSync(keys, { recursive: true })
}
summarize()

function report({ row, total, failed, output }: Outcome): void {
  console.log(
    `${failed.length === 0 && total > 0 ? 'clean' : '     '} ${row.script}: ${total - failed.length} of ${total}`,
  )
  if (total === 0) console.log(output.slice(-1000))
  for (const name of failed) {
    const seen = failuresOf(output, name)
    const reason = reasonOf(row.script, name, seen) ?? `NO REASON KNOWN: ${[...new Set(seen)].join('; ')}`
    console.log(`        ${JSON.stringify(name)}: ${reason}`)
    if (values.verbose) console.log(`          ${[...new Set(seen)].join('; ')}`)
  }
}

/** How each failed run of a conversation ended: the last line that the script wrote about it. */
function failuresOf(output: string, name: string): readonly string[] {
  const isTitle = (line: string): boolean => line === `${name} ...` || line.startsWith(`"${name}" repeat `)
  return output
    .split('\n\n')
    .map((block) => block.trim().split('\n'))
    .filter(([first = '', second]) => isTitle(first) && second !== 'OK')
    .map((lines) => lines.findLast((line) => /^[A-Za-z.]*(Error|Exception|Timeout|timeout)/.test(line)) ?? '')
}

function summarize(): void {
  const clean = outcomes.filter(({ total, failed }) => total > 0 && failed.length === 0)
  const failures = outcomes.flatMap(({ row, failed, output }) =>
    failed.map((name) => reasonOf(row.script, name, failuresOf(output, name))),
  )
  const unknown = failures.filter((reason) => reason === undefined).length
  const stuck = outcomes.filter(({ total }) => total === 0).length
  const conversations = outcomes.reduce((sum, { total }) => sum + total, 0)
  console.log(
    `tlsfuzzer: ${clean.length} scripts clean of ${outcomes.length}, ${conversations - failures.length} ` +
      `conversations of ${conversations}, ` +
      `${failures.length - unknown} differ for a reason that is written down, ${unknown} without one, ${stuck} ` +
      'scripts did not end',
  )
  process.exit(unknown + stuck > 0 ? 1 : 0)
}
