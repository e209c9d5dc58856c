// OpenSSL's s_server and s_client.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXPORTER_LABEL } from '../peer.ts'
import type { Files, Peer, PeerReport, PeerSetup } from '../peer.ts'
import { Child, run } from '../process.ts'

const groupNames: Readonly<Record<string, string>> = {
  X25519: 'X25519',
  'P-256': 'P-256',
  'P-384': 'P-384',
  'P-521': 'P-521',
  X25519MLKEM768: 'X25519MLKEM768',
}

let runs = 0
const logFile = (files: Files): string => join(files.directory, `openssl-${++runs}.keys`)

const common = (setup: PeerSetup, files: Files, keyLog: string): string[] => [
  setup.version === 'TLS 1.3' ? '-tls1_3' : '-tls1_2',
  '-CAfile',
  files.ca,
  '-keylogfile',
  keyLog,
  '-keymatexport',
  EXPORTER_LABEL,
  '-keymatexportlen',
  '32',
  ...(setup.groups ? ['-groups', setup.groups.map((name) => groupNames[name] ?? name).join(':')] : []),
  ...(setup.ciphers12 ? ['-cipher', setup.ciphers12] : []),
]

const reportOf = (output: string, received: string, keyLog: string): PeerReport => ({
  received,
  exporter: /Keying material: ([0-9A-F]+)/.exec(output)?.[1]?.toLowerCase(),
  keyLog: readFileSync(keyLog, 'latin1').split('\n'),
})

export const openssl: Peer = {
  name: 'OpenSSL',
  certificates: ['ecdsa', 'rsa', 'ed25519'],
  groups: ['X25519', 'P-256', 'P-384', 'P-521'],
  choosesGroups: true,
  updatesKeys: { client: true, server: true },
  exporter: true,
  keyLog: true,
  cookieAlone: true,

  find: async () => {
    const { code, output } = await run('openssl', ['version'])
    return code === 0 ? output.trim() : undefined
  },

  serve: async (setup, files) => {
    const keyLog = logFile(files)
    const { cert, key } = files.server[setup.certificate ?? 'ecdsa']
    const child = new Child('openssl', [
      's_server',
      '-4',
      '-accept',
      '127.0.0.1:0',
      '-naccept',
      '1',
      '-cert',
      cert,
      '-key',
      key,
      ...(setup.requireClientCertificate ? ['-Verify', '3', '-verify_return_error'] : []),
      ...common(setup, files, keyLog),
    ])
    const [, port] = await child.waitFor(/^ACCEPT .*:(\d+)$/m)
    const answered = child.waitFor(/(hello from[^\n]*)\n/).then(([, line = '']) => {
      if (setup.updateKeys) child.write('K\n')
      // the command letters are looked for at the start of what one read gives
      setTimeout(() => child.write(`echo:${line}\n`), setup.updateKeys ? 50 : 0)
      return line
    })
    answered.catch(() => {}) // told by report()
    return {
      port: Number(port),
      report: async () => {
        const received = await answered
        await child.exited()
        return reportOf(child.output, received, keyLog)
      },
      stop: () => child.stop(),
    }
  },

  dial: async (port, setup, files) => {
    const keyLog = logFile(files)
    const own = setup.certificate && files.client[setup.certificate]
    const child = new Child('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-servername',
      'localhost',
      '-verify_hostname',
      'localhost',
      '-verify_return_error',
      ...(own ? ['-cert', own.cert, '-key', own.key] : []),
      ...common(setup, files, keyLog),
    ])
    try {
      await child.waitFor(/^---\n(Post-Handshake|SSL handshake|read R BLOCK)|Verify return code: 0/m)
      if (setup.updateKeys) {
        child.write('K\n')
        await child.waitFor(/KEYUPDATE/)
      }
      child.write(`${setup.message}\n`)
      // not at a line's start: stdout may come in the middle of a ticket's dump
      const [, received = ''] = await child.waitFor(/(echo:[^\n]*)\n/)
      child.write('Q\n')
      await child.exited()
      return reportOf(child.output, received, keyLog)
    } finally {
      await child.stop()
    }
  },
}
