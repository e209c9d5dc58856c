// Records the captures of test/inspect/captures with tcpdump on the loopback interface, and OpenSSL at both ends:
// connections with their key logs, of known content. `node scripts/record-captures.ts`; needs tcpdump (as root) and
// openssl.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../test/interop/process.ts'

const target = new URL('../test/inspect/captures/', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'puretls-captures-'))
const file = (name: string): string => join(folder, name)

interface Recording {
  readonly name: string
  readonly server: readonly string[]
  readonly client: readonly string[]
  /** What is typed at the client. */
  readonly lines?: readonly string[]
  /** Connects again with the session of the first connection, and with early data. */
  readonly resume?: boolean
}

const suite = (name: string, cipher: string, more: readonly string[] = []): Recording => ({
  name: `tls12-${name}`,
  server: ['-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`],
  client: ['-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`, ...more],
})

const recordings: readonly Recording[] = [
  { name: 'tls13-early-data', server: ['-tls1_3', '-early_data'], client: ['-tls1_3'], resume: true },
  {
    name: 'tls13-retry-update',
    server: ['-tls1_3', '-groups', 'P-384'],
    client: ['-tls1_3', '-groups', 'X25519:P-384', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'],
    lines: ['K', 'after the update'],
  },
  {
    name: 'tls13-client-certificate',
    server: ['-tls1_3', '-Verify', '1'],
    client: ['-tls1_3', '-cert', 'cert.pem', '-key', 'key.pem'],
  },
  suite('ecdhe-gcm', 'ECDHE-RSA-AES128-GCM-SHA256'),
  suite('dhe-gcm', 'DHE-RSA-AES256-GCM-SHA384'),
  suite('ecdhe-chacha', 'ECDHE-RSA-CHACHA20-POLY1305'),
  suite('rsa-cbc-etm', 'AES128-SHA'),
  suite('ecdhe-cbc', 'ECDHE-RSA-AES256-SHA384', ['-no_etm']),
  suite('rsa-ccm', 'AES128-CCM'),
]

const run = async (command: string, args: readonly string[]): Promise<void> => {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code]: unknown[] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${command}: ${output}`)
}

const connect = async (
  port: number,
  args: readonly string[],
  lines: readonly string[],
  keys: string,
  server: ChildProcess,
): Promise<void> => {
  const client = spawn(
    'openssl',
    ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', '-keylogfile', keys, ...args],
    { cwd: folder, stdio: 'pipe' },
  )
  const ended = once(client, 'exit')
  let shown = ''
  client.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  while (!shown.includes('Verify return code')) await sleep(50)
  await sleep(500)
  for (const line of [...lines, 'hello capture']) {
    client.stdin.write(`${line}\n`)
    await sleep(500)
  }
  server.stdin?.write('hello from the server\n')
  while (!shown.includes('hello from the server')) await sleep(50)
  client.stdin.write('Q\n')
  await ended
}

const stop = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null) throw new Error('a program ended too early')
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

const record = async ({ name, server, client, lines = [], resume = false }: Recording): Promise<void> => {
  const port = await freePort()
  const keys = file(`${name}.keys`)
  const capture = file(`${name}.pcap`)
  const listening = spawn(
    'openssl',
    ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', 'cert.pem', '-key', 'key.pem', ...server],
    { cwd: folder, stdio: 'pipe' },
  )
  const tcpdump = spawn('tcpdump', ['-i', 'lo', '-U', '-w', capture, `tcp port ${port}`], { stdio: 'ignore' })
  while (!existsSync(capture)) await sleep(50)
  await sleep(500)
  await connect(port, resume ? [...client, '-sess_out', file('session')] : client, lines, keys, listening)
  if (resume) {
    writeFileSync(file('early'), 'early hello\n')
    await connect(port, [...client, '-sess_in', file('session'), '-early_data', file('early')], lines, keys, listening)
  }
  await sleep(500)
  await stop(tcpdump, 'SIGINT')
  await stop(listening, 'SIGKILL')
  writeFileSync(join(target, `${name}.pcap`), readFileSync(capture))
  writeFileSync(join(target, `${name}.keys`), readFileSync(keys))
  console.log(name, readFileSync(capture).length)
}

try {
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '36500',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
    '-keyout',
    'key.pem',
    '-out',
    'cert.pem',
  ])
  for (const recording of recordings) await record(recording)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
