// Every example of every --help is run. What an example needs is made here: files in the folder it runs in, and
// servers behind the names and ports that it uses.

import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect as dialTcp } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPebble, startPebble } from '../acme/pebble.ts'
import type { Pebble } from '../acme/pebble.ts'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { leaves, runCli, scratchFolder, startCli, wordsOf } from './harness.ts'
import type { CliOptions, CliResult } from './harness.ts'
import { clearServer, createWorld, tlsServer } from './world.ts'
import type { World } from './world.ts'

let world: World
let pebble: Pebble | undefined
const hasAcme = hasPebble()
/** By port of the example, or host and port. */
const servers = new Map<string, number>()
beforeAll(async () => {
  world = await createWorld()
  if (hasAcme) pebble = await startPebble()
  const tls = await tlsServer(world, { alpn: ['h2', 'http/1.1'] })
  for (const where of ['443', '8443']) servers.set(where, tls)
  servers.set('25', await clearServer(world, '220 ready\r\n', ['250 STARTTLS\r\n', '220 go\r\n']))
})

/** A capture with its key log, a hexdump of a ClientHello, and a line of `puretls hello`. */
const withTraces = async (folder: string): Promise<void> => {
  const from = new URL('../inspect/captures/', import.meta.url).pathname
  copyFileSync(`${from}tls13-early-data.pcap`, join(folder, 'capture.pcap'))
  copyFileSync(`${from}tls13-early-data.keys`, join(folder, 'keys.log'))
  const [line = ''] = (await runCli('ja4 capture.pcap --json', { cwd: folder })).stdout.split('\n')
  writeFileSync(join(folder, 'hellos.jsonl'), `${line}\n`)
  writeFileSync(join(folder, 'hello.hex'), `${JSON.parse(line).raw}\n`)
}

afterAll(() => pebble?.stop())

const issueExample =
  'puretls acme issue example.com --agree --directory https://localhost:14000/dir --acme-ca ca.pem --listen 5001'

/** The addresses of Pebble that the examples have, and its CA as ca.pem. */
const withPebble = (line: string): string =>
  line
    .replace('https://localhost:14000/dir', pebble?.directoryUrl ?? '')
    .replace('--listen 5001', `--listen 127.0.0.1:${pebble?.tlsPort}`)

const pebbleCa = (folder: string): void => writeFileSync(join(folder, 'ca.pem'), pebble?.ca ?? '')

/** More than the usual files, by command. */
const prepare: Readonly<Record<string, (folder: string) => Promise<void> | void>> = {
  'cert trust': (folder) => void mkdirSync(join(folder, 'usr/local/share/ca-certificates'), { recursive: true }),
  'cert untrust': async (folder) => {
    mkdirSync(join(folder, 'usr/local/share/ca-certificates'), { recursive: true })
    await runs(folder, 'cert trust ca.pem --store system --root . --yes')
  },
  'cert leaf': (folder) => runs(folder, 'cert ca'),
  'cert client': (folder) => runs(folder, 'cert ca'),
  'cert crl': (folder) => runs(folder, 'cert ca'),
  'cert revoke': (folder) => runs(folder, 'cert ca', 'cert leaf localhost'),
  'cert sign': (folder) => runs(folder, 'cert ca', 'cert csr example.com'),
  'acme issue': pebbleCa,
  'acme renew': async (folder) => {
    pebbleCa(folder)
    await runs(folder, withPebble(issueExample))
  },
  trace: withTraces,
  ja4: withTraces,
  hello: withTraces,
  'ech config': (folder) => runs(folder, 'ech keys public.example.com --out ech.pem'),
}

const runs = async (folder: string, ...lines: readonly string[]): Promise<void> => {
  for (const line of lines) expect(await runCli(line, { cwd: folder })).toMatchObject({ code: 0 })
}

/** What ends only when it is stopped: the line by which it is known to run. */
const serving: Readonly<Record<string, RegExp>> = {
  serve: /\n/,
  'puretls hello --port 8443': /listening/,
  'puretls hello --port 8443 --append hellos.jsonl --json': /listening/,
}

const dial: CliOptions['dial'] = (host, port) =>
  new Promise((resolve, reject) => {
    const at = servers.get(`${host}:${port}`) ?? servers.get(String(port)) ?? port
    const socket = dialTcp(at, '127.0.0.1', () => resolve(socket)).on('error', reject)
  })

const runExample = async (name: string, line: string): Promise<CliResult> => {
  const folder = scratchFolder()
  for (const [file, text] of [
    ['ca.pem', world.ca.certificatePem],
    ['server.pem', world.leaf.chainPem],
    ['server-key.pem', world.leaf.privateKeyPem],
  ] as const) {
    writeFileSync(join(folder, file), text)
  }
  chmodSync(join(folder, 'server-key.pem'), 0o600)
  await prepare[name]?.(folder)
  const typed = line.slice(line.indexOf('puretls ')).replace(/--(port|listen) (?!5001)\d+/, '--$1 0')
  const [, command = '', target] = /^(.*?)(?: >>? (\S+))?$/.exec(withPebble(typed)) ?? []
  const options: CliOptions = {
    cwd: folder,
    dial,
    env: { SSL_CERT_FILE: join(folder, 'ca.pem') },
    stdin: line.startsWith('printf ') ? 'GET / HTTP/1.0\r\n\r\n' : '',
  }
  const ready = serving[line] ?? serving[name]
  if (ready === undefined) {
    const result = await runCli(wordsOf(command), options)
    if (target !== undefined) {
      const path = join(folder, target.replace(/^~\//, ''))
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, result.bytes)
      expect(result.bytes.length).toBeGreaterThan(0)
    }
    return result
  }
  const started = startCli(wordsOf(command), options)
  await Promise.any([started.waitFor(ready), started.waitForError(ready)])
  return started.stop()
}

const examples = leaves().flatMap((command) => command.examples.map(({ run }) => [command.name, run] as const))

describe('examples of the help texts', () => {
  it.each(examples)('%s: %s', async (name, line) => {
    if (line.includes(':14000/') && !hasAcme) return
    const { code, stderr } = await runExample(name, line)
    expect(stderr).not.toMatch(/^error:/m)
    expect([exitCodes.ok, exitCodes.negative]).toContain(code)
  })
})
