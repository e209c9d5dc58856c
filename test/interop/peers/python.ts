// Python's ssl module: python/peer.py.

import { Child, run } from '../process.ts'
import { workerPeer } from './worker.ts'

export const python = workerPeer({
  name: 'Python',
  certificates: ['ecdsa', 'rsa', 'ed25519'],
  groups: ['X25519', 'P-256', 'P-384', 'P-521'],
  choosesGroups: false,
  updatesKeys: { client: false, server: false },
  exporter: false,
  keyLog: true,
  cookieAlone: true,
  version: async () => {
    const { code, output } = await run('python3', [
      '-c',
      'import ssl, sys; print(sys.version.split()[0], ssl.OPENSSL_VERSION)',
    ])
    return code === 0 ? output.trim() : undefined
  },
  start: async () => new Child('python3', ['-u', new URL('./python/peer.py', import.meta.url).pathname]),
})
