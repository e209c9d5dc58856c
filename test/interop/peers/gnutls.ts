// gnutls-serv and gnutls-cli.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXPORTER_LABEL } from '../peer.ts'
import type { Files, Peer, PeerReport, PeerSetup } from '../peer.ts'
import { Child, freePort, run } from '../process.ts'

const groupNames: Readonly<Record<string, string>> = {
  X25519: 'GROUP-X25519',
  'P-256': 'GROUP-SECP256R1',
  'P-384': 'GROUP-SECP384R1',
  'P-521': 'GROUP-SECP521R1',
}

const priority = ({ version, groups }: PeerSetup): string =>
  [
    'NORMAL:-VERS-ALL',
    version === 'TLS 1.3' ? '+VERS-TLS1.3' : '+VERS-TLS1.2',
    '-GROUP-ALL',
    ...(groups ?? Object.keys(groupNames)).flatMap((name) => (groupNames[name] ? [`+${groupNames[name]}`] : [])),
  ].join(':')

let runs = 0
const logFile = (files: Files): string => join(files.directory, `gnutls-${++runs}.keys`)

const common = (setup: PeerSetup): string[] => [
  '--priority',
  priority(setup),
  '--keymatexport',
  EXPORTER_LABEL,
  '--keymatexportsize',
  '32',
]

const reportOf = (output: string, received: string, keyLog: string): PeerReport => ({
  received,
  exporter: /Key material: ([0-9a-f]+)/i.exec(output)?.[1]?.toLowerCase(),
  keyLog: existsSync(keyLog) ? readFileSync(keyLog, 'latin1').split('\n') : undefined,
})

export const gnutls: Peer = {
  name: 'GnuTLS',
  certificates: ['ecdsa', 'rsa', 'ed25519'],
  groups: ['X25519', 'P-256', 'P-384', 'P-521'],
  choosesGroups: true,
  updatesKeys: { client: true, server: false },
  exporter: true,
  keyLog: true,
  cookieAlone: false, // 3.7.9 answers a HelloRetryRequest without key_share with illegal_parameter

  find: async () => {
    const { code, output } = await run('gnutls-cli', ['--version'])
    const server = await run('gnutls-serv', ['--version'])
    return code === 0 && server.code === 0 ? output.split('\n')[0] : undefined
  },

  serve: async (setup, files) => {
    const keyLog = logFile(files)
    const { cert, key } = files.server[setup.certificate ?? 'ecdsa']
    const port = await freePort()
    const child = new Child(
      'gnutls-serv',
      [
        '--port',
        `${port}`,
        '--echo',
        '--x509certfile',
        cert,
        '--x509keyfile',
        key,
        '--x509cafile',
        files.ca,
        ...(setup.requireClientCertificate
          ? ['--require-client-cert', '--verify-client-cert']
          : ['--disable-client-cert']),
        ...common(setup),
      ],
      { env: { SSLKEYLOGFILE: keyLog } },
    )
    await child.waitFor(/listening on IPv4 .*done/)
    return {
      port,
      report: async () => {
        await child.waitFor(/Key material: [0-9a-f]+/i)
        // it echoes what it gets and does not print it: that the echo came is checked at our end
        return reportOf(child.output, '', keyLog)
      },
      stop: () => child.stop(),
    }
  },

  dial: async (port, setup, files) => {
    const keyLog = logFile(files)
    const own = setup.certificate && files.client[setup.certificate]
    const child = new Child(
      'gnutls-cli',
      [
        '127.0.0.1',
        '--port',
        `${port}`,
        '--sni-hostname',
        'localhost',
        '--verify-hostname',
        'localhost',
        '--x509cafile',
        files.ca,
        '--inline-commands',
        ...(own ? ['--x509certfile', own.cert, '--x509keyfile', own.key] : []),
        ...common(setup),
      ],
      { env: { SSLKEYLOGFILE: keyLog } },
    )
    try {
      await child.waitFor(/Simple Client Mode/)
      if (setup.updateKeys) child.write('^rekey^\n')
      child.write(`${setup.message}\n`)
      const [, received = ''] = await child.waitFor(/(echo:[^\n]*)\n/)
      child.endInput()
      await child.exited()
      return reportOf(child.output, received, keyLog)
    } finally {
      await child.stop()
    }
  },
}
