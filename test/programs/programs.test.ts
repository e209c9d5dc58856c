// Well-known libraries on puretls, each in a process of its own against real servers: with puretls/node/register, and
// by the library's own option for a stream or an agent where it has one (docs/recipes). guard.mjs fails a program in
// which anything used the TLS of Node.

import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, parse } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { createCa } from '../../src/pki/index.ts'
import { slapd } from '../cli/servers/slapd.ts'
import { vsftpd } from '../cli/servers/vsftpd.ts'
import { run, stopChildren } from '../interop/process.ts'
import * as servers from './servers.ts'
import type { Files, Ports, Started } from './servers.ts'

const here = new URL('./', import.meta.url).pathname
if (!existsSync(join(here, 'node_modules')))
  throw new Error('install the libraries first: npm ci --prefix test/programs')

const directory = mkdtempSync(join(tmpdir(), 'puretls-programs-'))
// Servers that leave root behind have to find their files.
chmodSync(directory, 0o755)
const files: Files = { ca: join(directory, 'ca'), cert: join(directory, 'cert'), key: join(directory, 'key') }

beforeAll(async () => {
  servers.buildServers(directory)
  const authority = await createCa({ name: 'puretls programs' })
  const { chainPem, privateKeyPem } = await authority.issue({ names: ['localhost', '127.0.0.1'] })
  writeFileSync(files.ca, authority.certificatePem)
  writeFileSync(files.cert, chainPem)
  writeFileSync(files.key, privateKeyPem, { mode: 0o600 })
})
afterAll(async () => {
  await stopChildren()
  rmSync(directory, { recursive: true, force: true })
})

const runProgram = async (program: string, mode: 'register' | 'plug', ports: Ports): Promise<string> => {
  const register = new URL('../../src/node/register.ts', import.meta.url).pathname
  const preloads = ['./resolve.mjs', './guard.mjs', ...(mode === 'register' ? [register] : [])]
  const given = JSON.stringify({ mode, ports, files: { ...files, recipe: program } })
  const args = [...preloads.flatMap((file) => ['--import', file]), `programs/${program}.mjs`, given]
  const extra = program === 'fetch' || program === 'proxies' ? { NODE_EXTRA_CA_CERTS: files.ca } : {}
  const env = { NODE_NO_WARNINGS: '1', ...extra }
  const { code, output } = await run(process.execPath, args, { cwd: here, env })
  return code === 0 ? output.trim() : `status ${code}: ${output}`
}

/** Library, and how puretls comes in. */
const alone: readonly [string, 'register' | 'plug'][] = [
  ['https', 'register'],
  ['axios', 'register'],
  ['got', 'register'],
  ['node-fetch', 'register'],
  ['undici', 'register'],
  ['fetch', 'register'],
  ['http2', 'register'],
  ['express', 'register'],
  ['fastify', 'register'],
  ['ws', 'register'],
  ['grpc', 'register'],
  ['nodemailer', 'register'],
  ['https-proxy-agent', 'register'],
  ['proxies', 'register'],
  ['socket.io', 'register'],
  ['koa', 'register'],
  ['http-proxy', 'register'],
  ['clients', 'register'],
  ['socks', 'register'],
  ['ssh2', 'register'],
  ['https', 'plug'],
  ['axios', 'plug'],
  ['got', 'plug'],
  ['node-fetch', 'plug'],
  ['undici', 'plug'],
  ['http2', 'plug'],
  ['express', 'plug'],
  ['fastify', 'plug'],
  ['ws', 'plug'],
  ['grpc', 'plug'],
  ['nodemailer', 'plug'],
  ['https-proxy-agent', 'plug'],
  ['proxies', 'plug'],
  ['socket.io', 'plug'],
  ['koa', 'plug'],
  ['http-proxy', 'plug'],
  ['socks', 'plug'],
  ['ssh2', 'plug'],
]

describe('both ends in one process', () => {
  it.each(alone)('%s, %s', async (program, mode) => {
    expect(await runProgram(program, mode, {})).toBe('ok')
  })
})

interface Served {
  readonly server: string
  start(directory: string, files: Files): Promise<Started>
  readonly programs: readonly [string, 'register' | 'plug'][]
}

const withServers: readonly Served[] = [
  {
    server: 'postgres',
    start: servers.postgres,
    programs: [
      ['pg', 'register'],
      ['pg', 'plug'],
      ['postgres', 'register'],
      ['postgres', 'plug'],
    ],
  },
  {
    server: 'mariadb',
    start: servers.mariadb,
    programs: [
      ['mysql2', 'register'],
      ['mysql', 'register'],
      ['mariadb', 'register'],
    ],
  },
  {
    server: 'redis',
    start: servers.redis,
    programs: [
      ['redis', 'register'],
      ['ioredis', 'register'],
      ['ioredis', 'plug'],
    ],
  },
  {
    server: 'mosquitto',
    start: servers.mosquitto,
    programs: [
      ['mqtt', 'register'],
      ['mqtt', 'plug'],
    ],
  },
  {
    server: 'dovecot',
    start: servers.dovecot,
    programs: [
      ['imapflow', 'register'],
      ['imap', 'register'],
    ],
  },
  { server: 'vsftpd', start: vsftpd, programs: [['basic-ftp', 'register']] },
  { server: 'slapd', start: slapd, programs: [['ldapts', 'register']] },
  {
    server: 'kafka',
    start: servers.kafka,
    programs: [
      ['kafkajs', 'register'],
      ['kafkajs', 'plug'],
    ],
  },
  {
    server: 'nats',
    start: servers.nats,
    programs: [
      ['nats', 'register'],
      ['nats', 'plug'],
    ],
  },
  { server: 'mongo', start: servers.mongo, programs: [['mongodb', 'register']] },
]

describe.each(withServers)('$server', ({ start, programs }) => {
  let server: Started
  beforeAll(async () => {
    server = await start(directory, files)
    return () => server.stop()
  }, 300_000)

  it.each(programs)('%s, %s', async (program, mode) => {
    expect(await runProgram(program, mode, server.ports)).toBe('ok')
  })
})

it('every recipe is run: by its library in the mode plug, imported where there is no plug, or by alias.test.ts', () => {
  const all = [...alone, ...withServers.flatMap(({ programs }) => programs)]
  const plugged = all.flatMap(([name, mode]) => (mode === 'plug' ? [name] : []))
  const programs = readdirSync(join(here, 'programs')).map((file) => readFileSync(join(here, 'programs', file), 'utf8'))
  const aliases = readFileSync(join(here, 'alias.test.ts'), 'utf8')
  const isRun = (name: string): boolean =>
    plugged.includes(name) ||
    programs.some((program) => program.includes(`docs/recipes/${name}.ts`)) ||
    aliases.includes(`recipe: '${name}'`)
  const recipes = readdirSync(join(here, '../../docs/recipes')).map((file) => parse(file).name)
  expect(recipes.filter((name) => !isRun(name))).toEqual([])
})
