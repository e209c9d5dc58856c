// Ten servers that nobody here wrote, good and bad, for the scan: nginx, OpenSSL's s_server and Go's crypto/tls. The
// same ones were scanned with testssl.sh, whose findings are in testssl.json (scripts/record-testssl.ts).

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCa } from '../../src/pki/index.ts'
import { Child, freePort, run } from '../interop/process.ts'

export interface Running {
  readonly port: number
  readonly stop: () => Promise<void>
}

export interface ScanServer {
  readonly name: string
  readonly start: (files: Files) => Promise<Running>
}

/** Chains and keys in PEM, in one folder. */
export interface Files {
  readonly folder: string
  readonly ca: string
  readonly rsa: Pair
  readonly ecdsa: Pair
  /** Expired a month ago, for another name. */
  readonly expired: Pair
  /** Self-signed, RSA of 1024 bits with SHA-1. */
  readonly weak: Pair
  /** Go's server, built. */
  readonly go: string
  readonly remove: () => void
}

interface Pair {
  readonly cert: string
  readonly key: string
}

const day = 86_400_000

export const scanFiles = async (): Promise<Files> => {
  const folder = mkdtempSync(join(tmpdir(), 'puretls-scan-'))
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const ca = await createCa({ name: 'Scan test CA', clock: () => Date.now() - 100 * day })
  const pair = async (name: string, options: Parameters<typeof ca.issue>[0]): Promise<Pair> => {
    const leaf = await ca.issue(options as { names: string[] })
    return { cert: write(`${name}.pem`, leaf.chainPem), key: write(`${name}.key`, leaf.privateKeyPem) }
  }
  const names = ['localhost', '127.0.0.1']
  const old = () => Date.now() - 60 * day
  const weak = { cert: join(folder, 'weak.pem'), key: join(folder, 'weak.key') }
  const made = await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:1024',
    '-sha1',
    '-nodes',
    '-days',
    '30',
    '-subj',
    '/CN=localhost',
    '-keyout',
    weak.key,
    '-out',
    weak.cert,
    '-addext',
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
  ])
  if (made.code !== 0) throw new Error(made.output)
  const go = join(folder, 'go-server')
  const cwd = new URL('./go', import.meta.url).pathname
  const built = await run('go', ['build', '-o', go, '.'], { cwd, env: { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' } })
  if (built.code !== 0) throw new Error(built.output)
  return {
    folder,
    ca: write('ca.pem', ca.certificatePem),
    rsa: await pair('rsa', { names, key: 'rsa-2048' }),
    ecdsa: await pair('ecdsa', { names, key: 'ecdsa-p256' }),
    expired: await pair('expired', { names: ['elsewhere.example'], key: 'rsa-2048', clock: old, days: 30 }),
    weak,
    go,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Waits until something listens on the port. */
const listening = async (port: number, child: Child): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => (socket.destroy(), resolve(true)))
      socket.on('error', () => resolve(false))
    })
    if (connected) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`nothing listens on ${port}: ${child.output}`)
}

const nginx = (name: string, settings: (files: Files) => string): ScanServer => ({
  name: `nginx ${name}`,
  start: async (files) => {
    const port = await freePort()
    const folder = join(files.folder, name.replaceAll(' ', '-'))
    mkdirSync(folder, { recursive: true })
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
      .join(' ')
    writeFileSync(
      join(folder, 'nginx.conf'),
      `
      daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
      events {}
      http {
        access_log off; ${temporary}
        server {
          listen 127.0.0.1:${port} ssl http2; server_name localhost;
          ${settings(files)}
          location / { return 200 "hello\\n"; }
        }
      }`,
    )
    const child = new Child('nginx', ['-e', `${folder}/error.log`, '-c', join(folder, 'nginx.conf')])
    await listening(port, child)
    return { port, stop: () => child.stop() }
  },
})

const certificate = ({ cert, key }: Pair): string => `ssl_certificate ${cert}; ssl_certificate_key ${key};`

const openssl = (
  name: string,
  settings: (files: Files) => readonly string[],
  env: Record<string, string> = {},
): ScanServer => ({
  name: `OpenSSL ${name}`,
  start: async (files) => {
    const port = await freePort()
    const child = new Child(
      'openssl',
      ['s_server', '-accept', `127.0.0.1:${port}`, '-www', '-quiet', ...settings(files)],
      { env },
    )
    await listening(port, child)
    return { port, stop: () => child.stop() }
  },
})

const go = (
  name: string,
  settings: (files: Files) => readonly string[],
  env: Record<string, string> = {},
): ScanServer => ({
  name: `Go ${name}`,
  start: async (files) => {
    const child = new Child(files.go, settings(files), { env })
    const port = Number((await child.waitFor(/listening on (\d+)/))[1])
    return { port, stop: () => child.stop() }
  },
})

const goPair = ({ cert, key }: Pair): readonly string[] => ['-cert', cert, '-key', key]
const opensslPair = ({ cert, key }: Pair): readonly string[] => ['-cert', cert, '-cert_chain', cert, '-key', key]

const forwardSecret = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].flatMap((cipher) =>
  ['ECDSA', 'RSA'].map((key) => `ECDHE-${key}-${cipher}`),
)

export const scanServers: readonly ScanServer[] = [
  nginx(
    'modern',
    (files) =>
      `${certificate(files.ecdsa)}
    ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=63072000" always;`,
  ),
  nginx(
    'intermediate',
    (files) => `${certificate(files.rsa)} ${certificate(files.ecdsa)} ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ${forwardSecret.join(':')};
    ssl_prefer_server_ciphers off; ssl_session_tickets off; ssl_session_cache shared:a:1m;
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;`,
  ),
  nginx(
    'old',
    (files) => `${certificate(files.rsa)}
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers "ALL:!aNULL:!eNULL:@SECLEVEL=0"; ssl_prefer_server_ciphers on;
    gzip on; gzip_min_length 1; gzip_types text/plain;`,
  ),
  nginx(
    'without forward secrecy',
    (files) => `${certificate(files.rsa)}
    ssl_protocols TLSv1.2; ssl_ciphers "kRSA+AES:@SECLEVEL=0"; ssl_prefer_server_ciphers on;
    add_header Strict-Transport-Security "max-age=60";`,
  ),
  openssl('default', (files) => opensslPair(files.ecdsa)),
  openssl('everything', (files) => [
    ...opensslPair(files.rsa),
    '-cipher',
    'ALL:COMPLEMENTOFALL:!PSK:!SRP:@SECLEVEL=0',
    '-min_protocol',
    'TLSv1',
    '-client_renegotiation',
  ]),
  openssl('CBC only', (files) => [
    ...opensslPair(files.rsa),
    '-tls1_2',
    '-cipher',
    'AES256-SHA256:ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA',
    '-no_ticket',
    '-no_etm',
  ]),
  openssl('weak certificate', (files) => [
    ...opensslPair(files.weak),
    '-tls1_1',
    '-cipher',
    'ALL:@SECLEVEL=0',
    '-serverpref',
  ]),
  go('default', (files) => [...goPair(files.rsa), '-alpn', 'h2,http/1.1']),
  go(
    'bad',
    (files) => [
      ...goPair(files.expired),
      '-min',
      '769',
      '-max',
      '771',
      '-tickets=false',
      '-suites',
      '5,10,47,49169,49170,49171,49172,156,49199',
    ],
    { GODEBUG: 'rsa1024min=0,tls10server=1,tlsrsakex=1,tls3des=1' },
  ),
]
