// The node:crypto provider: hardware AES, OpenSSL's curves, everything synchronous. Also for Bun and Deno, with what
// they have of it. The default where the export condition is node, bun or deno.

import * as crypto from 'node:crypto'
import { TlsError } from '../errors.ts'
import { nodeCiphers, nodeHashes, nodeSha2, nodeSlimCiphers } from './node-ciphers.ts'
import { nodeGroups, nodeSlimGroups } from './node-groups.ts'
import {
  nodeRsaEncryptRaw,
  nodeSigner,
  nodeSlimVerifiers,
  nodeThreadSigner,
  nodeThreadVerifiers,
  nodeVerifiers,
} from './node-signatures.ts'
import type { CryptoProvider, KeyExchangeGroup } from './provider.ts'
import { suitesFor } from './suites.ts'

/** Cryptography by node:crypto, with AES in hardware; noble where the runtime lacks something, loaded then. */
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
 * What a small client of Node needs, and nothing of noble: AES-GCM and ChaCha20-Poly1305; X25519MLKEM768 (Node 24.7),
 * X25519, P-256 and P-384; checks of signatures by RSA, P-256, P-384, P-521 and Ed25519 keys with SHA-2. It signs
 * nothing, so it is for clients without a certificate of their own. No SHA-1, so no OCSP. Bun and Deno lack a part of
 * it: there take {@link nodeProvider}.
 */
export const nodeSlimProvider: CryptoProvider = {
  name: 'node-slim',
  suites: suitesFor(nodeSlimCiphers),
  // found out at the first use: a key of ML-KEM is made for it
  get groups() {
    return (slimGroups ??= nodeSlimGroups())
  },
  verifiers: nodeSlimVerifiers,
  hashes: nodeSha2,
  random: (length) => crypto.randomFillSync(new Uint8Array(length)),
  signer: () => {
    throw new TlsError(
      'unsupported',
      'nodeSlimProvider signs nothing: nodeProvider does, for a certificate of your own',
    )
  },
}
let slimGroups: readonly KeyExchangeGroup[] | undefined

/**
 * nodeProvider with RSA in the runtime's threads (libuv's pool, UV_THREADPOOL_SIZE): a server's signatures with RSA
 * keys and the checks of RSA signatures do not hold up the event loop. Everything else is synchronous as before. For
 * servers with RSA certificates and many handshakes at once; a single handshake takes a little longer.
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
