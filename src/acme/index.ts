// puretls/acme: certificates that get and renew themselves (RFC 8555), for servers of this library. Runs where Node's
// builtins are.

import { requireObject } from '../checked-options.ts'
import { createServer } from '../index.node.ts'
import type { CreateServerOptions, TlsServer } from '../index.node.ts'
import { ACME_TLS } from './challenges.ts'
import { Acme } from './manager.ts'
import type { AcmeOptions } from './manager.ts'

export { Acme, letsEncrypt } from './manager.ts'
export type { AcmeEvent, AcmeOptions } from './manager.ts'
export { AcmeClient, AcmeError } from './client.ts'
export type { AcmeClientOptions, ChallengeToAnswer, ChallengeType, IssuedCertificate, Solver } from './client.ts'
export { accountKey, generateAccountKey } from './jws.ts'
export type { AccountKey } from './jws.ts'
export { dnsSolver, httpSolver, tlsAlpnSolver } from './challenges.ts'
export type { DnsHook } from './challenges.ts'
export { folderStorage, memoryStorage } from './storage.ts'
export type { AcmeStorage } from './storage.ts'
export type { LockOptions } from './lock.ts'
export { httpsTransport } from './transport.ts'
export type { AcmeTransport, HttpAnswer, HttpRequest } from './transport.ts'

export type AcmeServerOptions = Omit<CreateServerOptions, 'identity' | 'cert' | 'key'> & { readonly acme: AcmeOptions }

/** A server, and what looks after its certificates. */
export interface AcmeServer extends TlsServer {
  readonly acme: Acme
}

/** createServer() with certificates that it gets and renews by itself. Call `acme.start()` when it listens: the
 * CA proves the names by connecting to it (tls-alpn-01), on port 443.  ```ts const server = createAcmeServer({
 * acme: { domains: ['example.org'], termsAgreed: true, storage: folderStorage('/var/lib/acme') } }) await
 * server.listen(443, (connection) => serve(connection)) await server.acme.start() ``` */
export const createAcmeServer = (given: AcmeServerOptions): AcmeServer => {
  requireObject(given)
  const { acme: acmeOptions, onClientHello, ...options } = given
  const acme = new Acme(acmeOptions)
  const withAcme = (given: typeof options, own: typeof onClientHello): CreateServerOptions => ({
    ...given,
    identity: acme.identity,
    onClientHello: async (hello, source) => (await acme.onClientHello(hello)) ?? own?.(hello, source),
  })
  const server = createServer(withAcme(options, onClientHello))
  const withoutTheCa =
    (onConnection: (connection: Awaited<ReturnType<TlsServer['accept']>>, peer: never) => void | Promise<void>) =>
    async (connection: Awaited<ReturnType<TlsServer['accept']>>, peer: unknown): Promise<void> => {
      if (connection.info.alpn === ACME_TLS) await connection.close({ timeoutMs: 1000 })
      else await onConnection(connection, peer as never)
    }
  return {
    acme,
    accept: server.accept,
    listen: (port: number, ...more: unknown[]) =>
      (server.listen as (...all: unknown[]) => ReturnType<TlsServer['listen']>)(
        port,
        ...more.map((one) => (typeof one === 'function' ? withoutTheCa(one as never) : one)),
      ),
    update: ({ onClientHello: own, ...changed }) => server.update(withAcme(changed, own)),
  }
}
