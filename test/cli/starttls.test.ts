// --starttls by protocol, against small servers here; test/cli/starttls-peers.test.ts has real ones.

import { beforeAll, describe, expect, it } from 'vitest'
import { starttlsNames } from '../../src/cli/starttls/index.ts'
import { jsonOf, runCli } from './harness.ts'
import { clearServer, createWorld, tcpServer } from './world.ts'
import type { World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})

const mysqlGreeting = (capabilities: number): Uint8Array => {
  const body = Buffer.concat([
    Buffer.from([10]),
    Buffer.from('11.4.2-MariaDB\0'),
    Buffer.alloc(4 + 8 + 1),
    Buffer.from([capabilities & 0xff, capabilities >> 8]),
    Buffer.alloc(13 + 13),
  ])
  return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body])
}
const features = (inner: string): string =>
  `<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='localhost' ` +
  `version='1.0'><stream:features>${inner}</stream:features>`
const offered = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
const proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
const ldapAnswer = (code: number): Uint8Array => Uint8Array.of(0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, code, 4, 0, 4, 0)

const good: Readonly<Record<string, readonly [string | Uint8Array, readonly (string | Uint8Array)[]]>> = {
  smtp: ['220-one\r\n220 two\r\n', ['250-localhost\r\n250-PIPELINING\r\n250 STARTTLS\r\n', '220 go\r\n']],
  imap: ['* OK ready\r\n', ['* CAPABILITY IMAP4rev2\r\na1 OK begin\r\n']],
  pop3: ['+OK ready\r\n', ['+OK begin\r\n']],
  ftp: ['220-hello\r\n hello\r\n220 ready\r\n', ['234 AUTH TLS\r\n']],
  xmpp: ['', [features(offered), proceed]],
  'xmpp-server': ['', [features(offered), "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>"]],
  ldap: ['', [ldapAnswer(0)]],
  postgres: ['', ['S']],
  mysql: [mysqlGreeting(0xffff), ['']],
  nntp: ['200 ready\r\n', ['382 continue\r\n']],
  sieve: ['"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK "ready"\r\n', ['OK "begin"\r\n']],
}

describe('--starttls', () => {
  it.each(starttlsNames)('%s', async (name) => {
    const [greeting, steps] = good[name] ?? ['', []]
    const port = await clearServer(world, greeting, steps)
    const result = await runCli(`connect localhost:${port} --starttls ${name} --ca ca.pem --json`, {
      cwd: world.folder,
    })
    expect(result.stderr).toBe('')
    expect(jsonOf('connect', result)).toMatchObject([
      { starttls: name, verified: true, handshake: { version: 'TLS 1.3' }, times: { starttls: expect.any(Number) } },
    ])
  })

  it.each([
    ['smtp', '220 two\r\n', ['250 localhost\r\n', ''], /speaks SMTP and offers no TLS/],
    ['smtp', '220 two\r\n', ['250 STARTTLS\r\n', '454 not now\r\n', ''], /it says "454 not now"/],
    ['smtp', 'SSH-2.0-OpenSSH\r\n', ['', ''], /does not speak SMTP: it says "SSH-2\.0/],
    ['imap', '* OK\r\n', ['a1 BAD no\r\n', ''], /"a1 BAD no"/],
    ['imap', '* BYE\r\n', [''], /does not speak IMAP/],
    ['pop3', '+OK\r\n', ['-ERR no\r\n', ''], /"-ERR no"/],
    ['pop3', '-ERR\r\n', [''], /does not speak POP3/],
    ['ftp', '220 x\r\n', ['500 no\r\n', ''], /"500 no"/],
    ['ftp', '421 x\r\n', [''], /does not speak FTP/],
    ['nntp', '201 x\r\n', ['580 no\r\n', ''], /"580 no"/],
    ['nntp', '400 x\r\n', [''], /does not speak NNTP/],
    ['sieve', '"X" "y"\r\nOK\r\n', [''], /speaks ManageSieve and offers no TLS/],
    ['sieve', 'BYE\r\n', [''], /does not speak ManageSieve/],
    ['xmpp', '', [features(''), ''], /speaks XMPP and offers no TLS/],
    [
      'xmpp',
      '',
      [features(offered), "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>", ''],
      /offers no TLS/,
    ],
    ['xmpp', 'HTTP/1.1 400 Bad Request\r\n', [''], /does not speak XMPP/],
    ['ldap', '', [ldapAnswer(2), ''], /protocolError/],
    ['ldap', '', ['HTTP/1.1 400\r\n', ''], /does not speak LDAP/],
    ['postgres', '', ['N', ''], /speaks PostgreSQL and offers no TLS/],
    ['postgres', '', ['E', ''], /does not speak PostgreSQL/],
    ['mysql', mysqlGreeting(0xf7ff), [''], /speaks MySQL and offers no TLS/],
    [
      'mysql',
      Uint8Array.of(18, 0, 0, 0, 0xff, 0x15, 4, ...Buffer.from('Host is blocked')),
      [''],
      /offers no TLS: it says "Host is blocked/,
    ],
    ['mysql', 'SSH-2.0-OpenSSH_9.9 and more\r\n', [''], /does not speak MySQL/],
  ] as const)('%s: says what is wrong (%#)', async (name, greeting, steps, sentence) => {
    const port = await clearServer(world, greeting, steps)
    const { code, stderr } = await runCli(`connect localhost:${port} --starttls ${name} --ca ca.pem`, {
      cwd: world.folder,
    })
    expect(stderr).toMatch(sentence)
    expect(code).toBe(5)
  })

  it('refuses what is injected before TLS', async () => {
    const port = await clearServer(world, '220 x\r\n', ['250 STARTTLS\r\n', '220 go\r\n250 injected\r\n'])
    expect(await runCli(`connect localhost:${port} --starttls smtp`)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('14 bytes in the clear'),
    })
    const postgres = await clearServer(world, '', ['SX'])
    expect(await runCli(`connect localhost:${postgres} --starttls postgres`)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('1 bytes in the clear'),
    })
  })

  it('ends with a server that hangs up, is silent, or never ends a line', async () => {
    const gone = await tcpServer((socket) => socket.end())
    const silent = await tcpServer(() => {})
    const endless = await tcpServer((socket) => {
      const more = (error?: Error | null): void => {
        if (!error && !socket.destroyed) socket.write('x'.repeat(10_000), more)
      }
      more()
    })
    expect(await runCli(`connect localhost:${gone} --starttls imap`)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('closed the connection before TLS began'),
    })
    expect(await runCli(`connect localhost:${silent} --starttls pop3 --timeout 100ms`)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('did not agree to TLS (pop3) within 0.1 s'),
    })
    expect(await runCli(`connect localhost:${endless} --starttls ftp`)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('without end'),
    })
  })
})
