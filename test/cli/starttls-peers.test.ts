// --starttls with the servers that people run, each started here on a port that was free. One that is not installed,
// or that only root can start, is skipped by name on a user's machine, and fails with CI set.

import { chmodSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stopChildren } from '../interop/process.ts'
import { dovecot, isRoot, mariadb, postgres } from '../programs/servers.ts'
import type { Files, Started } from '../programs/servers.ts'
import { jsonOf, runCli, startCli } from './harness.ts'
import { postfix } from './servers/postfix.ts'
import { slapd } from './servers/slapd.ts'
import { vsftpd } from './servers/vsftpd.ts'
import { createWorld } from './world.ts'
import type { World } from './world.ts'

let world: World
let files: Files
beforeAll(async () => {
  world = await createWorld()
  // Servers that leave root behind have to find their files.
  chmodSync(world.folder, 0o755)
  const path = (name: string): string => join(world.folder, name)
  files = { ca: path('ca.pem'), cert: path('server.pem'), key: path('server-key.pem') }
})
afterAll(stopChildren)

const startup = Buffer.from('\0\x03\0\0user\0tester\0database\0postgres\0\0', 'latin1')
const startupLength = Buffer.alloc(4)
startupLength.writeUInt32BE(startup.length + 4)

interface Served {
  readonly server: string
  readonly program: string
  /** Only root can start it. */
  readonly asRoot?: boolean
  readonly start: (directory: string, files: Files) => Promise<Started>
  /** Protocol of --starttls, what is said to the server inside TLS, and what it answers. */
  readonly protocols: readonly (readonly [name: string, port: string, words: string | Uint8Array, answer: RegExp])[]
}

const served: readonly Served[] = [
  {
    server: 'PostgreSQL',
    program: '/usr/lib/postgresql/*/bin/postgres',
    start: postgres,
    // Authentication by SASL is asked for.
    protocols: [['postgres', 'postgres', Buffer.concat([startupLength, startup]), /^R[^]*SCRAM-SHA-256/]],
  },
  {
    server: 'MariaDB',
    program: '/usr/sbin/mariadbd',
    start: mariadb,
    // Packet 2 holds less than a HandshakeResponse41: an ERR_Packet is the answer.
    protocols: [['mysql', 'mariadb', Uint8Array.of(1, 0, 0, 2, 0), /Bad handshake/]],
  },
  {
    server: 'Dovecot',
    program: '/usr/lib/dovecot/pop3',
    asRoot: true,
    start: dovecot,
    protocols: [
      ['imap', 'imap', 'a2 CAPABILITY\r\na3 LOGOUT\r\n', /CAPABILITY IMAP4rev1 [^]*AUTH=PLAIN[^]*a3 OK/],
      ['pop3', 'pop3', 'CAPA\r\nQUIT\r\n', /\+OK\r\n[^]*SASL PLAIN[^]*\+OK/],
    ],
  },
  {
    server: 'OpenLDAP',
    program: '/usr/sbin/slapd',
    start: slapd,
    // An anonymous BindRequest, and BindResponse success (RFC 4511 section 4.2).
    protocols: [
      [
        'ldap',
        'ldap',
        Uint8Array.of(0x30, 12, 2, 1, 2, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0),
        /\x02\x01\x02a\x07\n\x01\0\x04\0\x04\0/,
      ],
    ],
  },
  {
    server: 'Postfix',
    program: '/usr/sbin/postfix',
    asRoot: true,
    start: postfix,
    protocols: [['smtp', 'smtp', 'QUIT\r\n', /^221 /]],
  },
  {
    server: 'vsftpd',
    program: '/usr/sbin/vsftpd',
    asRoot: true,
    start: vsftpd,
    protocols: [['ftp', 'ftp', 'QUIT\r\n', /^221 /]],
  },
]

describe.each(served)('$server', ({ program, asRoot = false, start, protocols }) => {
  const here = globSync(program).length > 0 && (isRoot || !asRoot)
  const required = process.env['CI'] !== undefined
  let server: Started
  beforeAll(async () => {
    if (!here && required) throw new Error(`${program} is not on this machine or needs root, and CI requires it`)
    if (!here) return
    server = await start(world.folder, files)
    return () => server.stop()
  })

  it.skipIf(!here && !required).each(protocols)('%s', async (name, portName, words, answer) => {
    const port = server.ports[portName]
    const line = `connect localhost:${port} --starttls ${name} --ca ca.pem`
    const result = await runCli(`${line} --json`, { cwd: world.folder })
    expect(result.stderr).toBe('')
    expect(jsonOf('connect', result)).toMatchObject([
      { starttls: name, verified: true, handshake: { version: 'TLS 1.3' } },
    ])

    const stdin = new PassThrough()
    const talk = startCli(line, { cwd: world.folder, stdin })
    stdin.write(words)
    await talk.waitFor(answer)
    await talk.stop()

    const scanned = await runCli(
      `scan localhost:${port} --starttls ${name} --ca ca.pem --delay 0ms --parallel 4 --json`,
      {
        cwd: world.folder,
      },
    )
    expect(scanned.stderr).toBe('')
    const [scan] = jsonOf('scan', scanned)
    expect(scan).toMatchObject({ starttls: name, chain: { trusted: true, coversName: true }, http: null })
    expect(scan.versions).toContainEqual({ name: 'TLS 1.3', offered: true, downgradedTo: null })

    const other = name === 'pop3' ? 'imap' : 'pop3'
    const wrong = await runCli(`connect localhost:${port} --starttls ${other} --ca ca.pem --timeout 1s`, {
      cwd: world.folder,
    })
    expect(wrong.code, wrong.stderr).not.toBe(0)
  })

  if (program !== '/usr/sbin/postfix') return
  it.skipIf(!here && !required)('a port without TLS', async () => {
    const { code, stderr } = await runCli(`connect localhost:${server.ports['clear']} --starttls smtp --ca ca.pem`, {
      cwd: world.folder,
    })
    expect(stderr).toMatch(/speaks SMTP and offers no TLS/)
    expect(code).toBe(5)
  })
})
