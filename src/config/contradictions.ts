// Options that contradict each other: refused when they are given, since whichever of them were ignored would surprise
// somebody.

import { TlsError } from '../errors.ts'
import type { ClientOptions, CommonOptions, ServerOptions } from '../options.ts'

const refuse = (message: string): never => {
  throw new TlsError('bad_option', message)
}

const checkIdentity = ({
  identity,
  cert,
  key,
}: Pick<ServerOptions, 'cert' | 'key'> & { readonly identity?: unknown }): void => {
  if (identity !== undefined && (cert !== undefined || key !== undefined))
    refuse('identity: cert and key say the same; give one of them')
}

const without13 = ({ versions }: CommonOptions): boolean => versions?.max === 'TLS 1.2'

/** Throws `bad_option`. */
export const checkClientOptions = (options: ClientOptions): void => {
  checkIdentity(options)
  const { ca, verifier, earlyData, hello = {} } = options
  if (ca !== undefined && verifier) refuse('ca: a verifier of your own has its own authorities; give one of them')
  if (earlyData && without13(options)) refuse('earlyData: TLS 1.2, which `versions` is limited to, has none')
  if (hello.postHandshakeAuth && without13(options)) {
    refuse('hello.postHandshakeAuth: TLS 1.2, which `versions` is limited to, has none')
  }
}

/** Throws `bad_option`. */
export const checkServerOptions = (options: ServerOptions): void => {
  checkIdentity(options)
  const { identity, cert, key, psk = {}, onClientHello, earlyData = {}, tickets, clientAuth } = options
  if (identity === undefined && cert === undefined && key === undefined && !psk.lookup && !onClientHello) {
    refuse(
      'cert: a server needs cert and key, or identity, or psk.lookup (or onClientHello, to give them for each ' +
        'connection)',
    )
  }
  if (earlyData.maxBytes && without13(options)) refuse('earlyData: TLS 1.2, which `versions` is limited to, has none')
  if (earlyData.maxBytes && tickets === false && !psk.lookup)
    refuse('earlyData: clients can send it only with a ticket or a PSK; tickets is false')
  if (clientAuth?.mode?.endsWith('-unverified') && (clientAuth.verifier ?? clientAuth.ca) !== undefined) {
    refuse(`clientAuth: with mode '${clientAuth.mode}' no certificate is checked, and ca and verifier have no effect`)
  }
}
