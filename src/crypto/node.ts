// The node:crypto provider: hardware AES, OpenSSL's curves, everything synchronous. Also for Bun and Deno, with what
// they have of it. The default where the export condition is node, bun or deno.

import * as crypto from 'node:crypto'
import { nodeCiphers, nodeHashes } from './node-ciphers.ts'
import { nodeGroups } from './node-groups.ts'
import { nodeRsaEncryptRaw, nodeSigner, nodeVerifiers } from './node-signatures.ts'
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
