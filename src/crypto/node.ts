// The node:crypto provider: hardware AES, OpenSSL's curves, everything synchronous. Also for Bun and Deno, with what
// they have of it. The default where the export condition is node, bun or deno.

import * as crypto from 'node:crypto'
import { nodeCiphers, nodeHashes } from './node-ciphers.ts'
import { nodeGroups } from './node-groups.ts'
import {
  nodeRsaEncryptRaw,
  nodeSigner,
  nodeThreadSigner,
  nodeThreadVerifiers,
  nodeVerifiers,
} from './node-signatures.ts'
import type { CryptoProvider } from './provider.ts'
import { suitesFor } from './suites.ts'

export const nodeProvider: CryptoProvider = {
  name: 'node',
  suites: suitesFor(nodeCiphers),
  groups: nodeGroups,
  verifiers: nodeVerifiers,
  hashes: nodeHashes,
  random: (length) => crypto.randomFillSync(new Uint8Array(length)),
  rsaEncryptRaw: nodeRsaEncryptRaw,
  signer: nodeSigner,
}

/**
 * The same with RSA in the runtime's threads (libuv's pool, UV_THREADPOOL_SIZE): a server's signatures with RSA keys
 * and the checks of RSA signatures do not hold up the event loop. Everything else is synchronous as before. For servers
 * with RSA certificates and many handshakes at once; a single handshake takes a little longer.
 *
 * ```ts
 * const server = createServer({ provider: nodeThreadProvider, cert, key })
 * ```
 */
export const nodeThreadProvider: CryptoProvider = {
  ...nodeProvider,
  name: 'node-threads',
  verifiers: nodeThreadVerifiers,
  signer: nodeThreadSigner,
}
