// The three ways to prove a name (RFC 8555 section 8.3 and 8.4, RFC 8737): by a certificate in a handshake, by a file
// over HTTP, by a record in the DNS. Answers to the first two are kept in the storage, so that any process that
// shares it can give them.

import { checkOptions } from '../checked-options.ts'
import { createHash } from 'node:crypto'
import { derElement, tags } from '../wire/der.ts'
import { selfSigned } from '../pki/ca.ts'
import type { Issued } from '../pki/issue.ts'
import type { ChallengeToAnswer, Solver } from './client.ts'
import { base64url } from './jws.ts'
import type { AcmeStorage } from './storage.ts'

export const ACME_TLS = 'acme-tls/1'
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31'

const sha256 = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest())

/** RFC 8737 section 3: self-signed, for the one name, with the digest of the key authorization in a critical
 * extension. */
export const tlsAlpnCertificate = ({ domain, keyAuthorization }: ChallengeToAnswer): Promise<Issued> =>
  selfSigned({
    names: [domain],
    days: 7,
    extensions: [
      { oid: ACME_IDENTIFIER, critical: true, value: derElement(tags.octetString, sha256(keyAuthorization)) },
    ],
  })

const tlsAlpnKey = (domain: string): string => `challenges/alpn/${domain.toLowerCase()}`
const httpKey = (token: string): string => `challenges/http/${token}`

/** Answers tls-alpn-01 (RFC 8737): a certificate for it goes into the storage, from where port 443 shows it. */
export const tlsAlpnSolver = (storage: AcmeStorage): Solver => ({
  types: ['tls-alpn-01'],
  prepare: async (challenge) => {
    const { certificatePem, privateKeyPem } = await tlsAlpnCertificate(challenge)
    await storage.write(tlsAlpnKey(challenge.domain), certificatePem + privateKeyPem)
  },
  clean: ({ domain }) => storage.remove(tlsAlpnKey(domain)),
})

/** Certificate and key (PEM) to answer `acme-tls/1` for a name with; undefined if nobody asked the CA for it. */
export const tlsAlpnAnswer = (storage: AcmeStorage, domain: string): Promise<string | undefined> =>
  storage.read(tlsAlpnKey(domain))

/** Answers http-01 (RFC 8555 section 8.3): the answer goes into the storage, from where port 80 serves it. */
export const httpSolver = (storage: AcmeStorage): Solver => ({
  types: ['http-01'],
  prepare: ({ token, keyAuthorization }) => storage.write(httpKey(token), keyAuthorization),
  clean: ({ token }) => storage.remove(httpKey(token)),
})

/** The body for a path of `/.well-known/acme-challenge/`; undefined for any other. */
export const httpAnswer = async (storage: AcmeStorage, path: string): Promise<string | undefined> => {
  const [, token] = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]+)$/.exec(path) ?? []
  return token === undefined ? undefined : storage.read(httpKey(token))
}

/** Puts a TXT record into the DNS, or takes it out again: `name` is `_acme-challenge.DOMAIN`. Resolve when it can
 * be seen. */
export interface DnsHook {
  readonly set: (name: string, value: string) => Promise<void>
  readonly remove: (name: string, value: string) => Promise<void>
}

/** Answers dns-01 (RFC 8555 section 8.4) by a TXT record, which `hook` sets and removes. */
export const dnsSolver = (hook: DnsHook): Solver => {
  checkOptions(hook, { set: 'function', remove: 'function' }, { required: ['set', 'remove'] }, 'challenge')
  const record = ({ domain, keyAuthorization }: ChallengeToAnswer): [string, string] => [
    `_acme-challenge.${domain}`,
    base64url(sha256(keyAuthorization)),
  ]
  return {
    types: ['dns-01'],
    prepare: (challenge) => hook.set(...record(challenge)),
    clean: (challenge) => hook.remove(...record(challenge)),
  }
}
