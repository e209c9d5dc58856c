// puretls/libp2p where there is no node:crypto: browsers and workers, in which js-libp2p has no TLS of its own.

import { webcryptoLateProvider } from '../crypto/webcrypto-late.ts'
import { connect, createServer } from '../index.ts'
import { TlsEncrypter } from './encrypter.ts'
import type { TlsComponents, TlsOptions } from './encrypter.ts'

export type { TlsComponents, TlsEncrypter, TlsOptions } from './encrypter.ts'

/**
 * TLS for libp2p: a ConnectionEncrypter, `/tls/1.0.0`, that talks to js-libp2p, go-libp2p and rust-libp2p.
 *
 * ```ts
 * import { createLibp2p } from 'libp2p'
 * import { tls } from 'puretls/libp2p'
 * const node = await createLibp2p({ connectionEncrypters: [tls()] })
 * ```
 */
export const tls =
  (options: TlsOptions = {}): ((components: TlsComponents) => TlsEncrypter) =>
  (components) =>
    new TlsEncrypter({ connect, createServer, provider: webcryptoLateProvider }, components, options)
