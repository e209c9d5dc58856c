// Java's JSSE: java/Peer.java, run from its source.

import { Child, run } from '../process.ts'
import { workerPeer } from './worker.ts'

export const java = workerPeer({
  name: 'Java',

  certificates: ['ecdsa', 'rsa', 'ed25519'],
  groups: ['X25519', 'P-256', 'P-384', 'P-521'],
  choosesGroups: false,
  updatesKeys: { client: true, server: true },
  exporter: false,
  keyLog: false,
  cookieAlone: true,
  version: async () => {
    const { code, output } = await run('java', ['--version'])
    const compiler = await run('javac', ['--version'])
    return code === 0 && compiler.code === 0 ? output.split('\n')[0] : undefined
  },
  start: async () =>
    new Child('java', ['-XX:TieredStopAtLevel=1', new URL('./java/Peer.java', import.meta.url).pathname]),
})
