// The options of node:tls, turned into ours. What cannot be kept is refused rather than ignored.

import { isIP } from 'node:net'
import { checkServerIdentity as defaultIdentityCheck } from 'node:tls'
import type { PeerCertificate } from 'node:tls'
import { X509Certificate } from 'node:crypto'

import type { Defaults } from '../config.ts'
import type { ConnectOptions } from '../connect.ts'
import { nodeProvider } from '../crypto/node.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { asTlsError, TlsError } from '../errors.ts'
import { defaultsWith } from '../defaults.ts'
import { certificateListOf, loadIdentity } from '../identity.ts'
import type { CertificateInput, Identity, KeyInput } from '../options.ts'
import { mergeOptions } from '../options/merge.ts'
import type { CreateServerOptions } from '../server.ts'
import type { ProtocolVersion } from '../wire/registry.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { systemRoots } from '../x509/trust.node.ts'
import type { CertificateVerifier } from '../x509/verifier.ts'

export type NodeVersion = 'TLSv1.2' | 'TLSv1.3'

/** Certificate and key as createSecureContext() of node:tls takes them. */
export interface SecureContextOptions {
  readonly ca?: CertificateInput
  readonly cert?: CertificateInput
  readonly key?: KeyInput
  readonly minVersion?: string
  readonly maxVersion?: string
  readonly ALPNProtocols?: readonly string[] | Uint8Array
}

/** What createSecureContext() gives and SNICallback answers with. */
export interface SecureContext {
  readonly context: SecureContextOptions
}

export const createSecureContext = (options: SecureContextOptions = {}): SecureContext => ({ context: options })

export interface NodeClientOptions extends SecureContextOptions {
  /** The name to ask for and to find in the certificate. Default: `host`. */
  readonly servername?: string
  readonly host?: string
  readonly secureContext?: SecureContext
  readonly session?: Uint8Array
  /** False: any certificate is taken, and `authorized` and `authorizationError` tell. */
  readonly rejectUnauthorized?: boolean
  /** Instead of the built-in check of the names. */
  readonly checkServerIdentity?: (hostname: string, certificate: PeerCertificate) => Error | undefined
  /** Options of puretls itself; they take precedence over all others. */
  readonly puretls?: Partial<ConnectOptions>
}

export interface NodeServerOptions extends SecureContextOptions {
  /** Milliseconds. Default 30000. */
  readonly handshakeTimeout?: number
  readonly requestCert?: boolean
  readonly rejectUnauthorized?: boolean
  /** Seconds that a ticket is good for. */
  readonly sessionTimeout?: number
  readonly SNICallback?: (servername: string, callback: (error: Error | null, context?: SecureContext) => void) => void
  readonly ALPNCallback?: (offer: {
    readonly servername: string
    readonly protocols: readonly string[]
  }) => string | undefined
  /** Options of puretls itself; they take precedence over all others. */
  readonly puretls?: Partial<CreateServerOptions>
}

export const defaults: Defaults = defaultsWith(nodeProvider, () => systemRoots())

/** Why a certificate that was taken all the same is not good. */
export interface Authorization {
  error: Error | undefined
}

export const clientOptionsOf = (options: NodeClientOptions, authorization: Authorization): ConnectOptions => {
  const merged: NodeClientOptions = { ...options.secureContext?.context, ...options }
  refuseUnknown(merged)
  const serverName = merged.servername || merged.host || 'localhost'
  const { session } = merged
  const { verifier } = verifierOf(merged, serverName, authorization)
  const { ca, ...rest } = common(merged)
  return mergeOptions<ConnectOptions>(
    {
      ...rest,
      ...(verifier ? { verifier } : ca === undefined ? {} : { ca }),
      serverName,
      hello: { sendServerName: isIP(serverName) === 0 },
      ...(session ? { session: new Uint8Array(session) } : {}),
    },
    merged.puretls ?? {},
  )
}

export const serverOptionsOf = (
  options: NodeServerOptions,
  contexts: (servername: string) => SecureContext | undefined,
): CreateServerOptions => {
  refuseUnknown(options)
  const { SNICallback, ALPNCallback, requestCert, rejectUnauthorized = true, ca, sessionTimeout } = options
  const provider = options.puretls?.provider ?? nodeProvider
  const loaded = new WeakMap<SecureContextOptions, MaybePromise<Identity>>()
  const load = (from: SecureContextOptions): MaybePromise<Identity> | undefined => {
    if (from.cert === undefined || from.key === undefined) return undefined
    const known = loaded.get(from) ?? loadIdentity({ cert: from.cert, key: from.key }, provider)
    loaded.set(from, known)
    return known
  }
  void load(options) // refused at once if key and certificate do not match
  const { ca: _ca, cert: _cert, key: _key, ...rest } = common(options)
  const verified = rejectUnauthorized && ca !== undefined
  return mergeOptions<CreateServerOptions>(
    {
      ...rest,
      identity: async ({ serverName }) => {
        const chosen = SNICallback && serverName ? await askSni(SNICallback, serverName) : undefined
        return load((chosen ?? contexts(serverName ?? ''))?.context ?? options)
      },
      handshakeTimeout: options.handshakeTimeout ?? 30_000,
      ...(sessionTimeout === undefined ? {} : { tickets: { lifetimeSeconds: sessionTimeout } }),
      ...(ALPNCallback
        ? {
            hello: {
              chooseAlpn: (protocols, { serverName }) => ALPNCallback({ servername: serverName ?? '', protocols }),
            },
          }
        : {}),
      ...(requestCert
        ? { clientAuth: { mode: rejectUnauthorized ? 'require' : 'request-unverified', ...(verified ? { ca } : {}) } }
        : {}),
    },
    options.puretls ?? {},
  )
}

const askSni = (
  callback: NonNullable<NodeServerOptions['SNICallback']>,
  servername: string,
): Promise<SecureContext | undefined> =>
  new Promise((resolve, reject) => {
    callback(servername, (error, context) => (error ? reject(error) : resolve(context ?? undefined)))
  })

const common = (options: SecureContextOptions): Pick<ConnectOptions, 'ca' | 'cert' | 'key' | 'alpn' | 'versions'> => {
  const { ca, cert, key, minVersion, maxVersion, ALPNProtocols } = options
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ALPNProtocols === undefined ? {} : { alpn: protocolsOf(ALPNProtocols) }),
    ...(minVersion === undefined && maxVersion === undefined
      ? {}
      : {
          versions: {
            ...(minVersion === undefined ? {} : { min: versionOf(minVersion) }),
            ...(maxVersion === undefined ? {} : { max: versionOf(maxVersion) }),
          },
        }),
  }
}

/** Options of node:tls that say something about security which we would have to break. */
const refused: Readonly<Record<string, string>> = {
  pfx: 'give cert and key as PEM or DER (puretls/pki reads PKCS#12)',
  passphrase: 'decrypt the key first (puretls/pki reads encrypted PEM)',
  ciphers: 'OpenSSL cipher strings are not known here: give puretls: { cipherSuites: [IANA names] }',
  crl: 'give puretls: { verifier } with a revocation check',
  secureProtocol: 'use minVersion and maxVersion',
  pskCallback: 'give puretls: { psk }',
  privateKeyEngine: 'give key: a Signer',
}

const refuseUnknown = (options: object): void => {
  for (const [option, instead] of Object.entries(refused)) {
    if (option in options && Reflect.get(options, option) !== undefined)
      throw new TlsError('unsupported', `${option}: ${instead}`)
  }
}

const versionOf = (version: string): ProtocolVersion => {
  if (version === 'TLSv1.3') return 'TLS 1.3'
  if (version === 'TLSv1.2') return 'TLS 1.2'
  if (version === 'TLSv1' || version === 'TLSv1.1') return 'TLS 1.2'
  throw new TlsError('bad_option', `minVersion, maxVersion: ${version} is not a version`)
}

/** Names, or names with a length byte before each (RFC 7301). */
const protocolsOf = (protocols: readonly string[] | Uint8Array): readonly string[] => {
  if (!(protocols instanceof Uint8Array)) return [...new Set(protocols)] // as node:tls, which takes one twice
  const names: string[] = []
  for (let at = 0; at < protocols.length; at += 1 + (protocols[at] ?? 0)) {
    names.push(Buffer.from(protocols.subarray(at + 1, at + 1 + (protocols[at] ?? 0))).toString('latin1'))
  }
  return [...new Set(names)]
}

/** A verifier of our own only where node:tls asks for something else than ours does. */
const verifierOf = (
  options: NodeClientOptions,
  hostname: string,
  authorization: Authorization,
): { verifier?: CertificateVerifier } => {
  const { ca, rejectUnauthorized = true, checkServerIdentity = defaultIdentityCheck } = options
  const ownCheck = checkServerIdentity !== defaultIdentityCheck
  if (rejectUnauthorized && !ownCheck) return {}
  const authorities = ca === undefined ? undefined : certificateListOf(ca, 'ca')
  const strict = defaults.verifier?.({ provider: nodeProvider, authorities, legacy: false })
  return {
    verifier: {
      verify: async (request) => {
        try {
          if (!strict) throw new TlsError('bad_option', 'there is no verifier')
          const verified = await strict.verify(ownCheck ? { ...request, serverName: undefined } : request)
          const [leaf] = request.chain
          const wrong =
            ownCheck && leaf ? checkServerIdentity(hostname, new X509Certificate(leaf).toLegacyObject()) : undefined
          if (wrong) throw new TlsError('certificate_name_mismatch', wrong.message, { cause: wrong })
          return verified
        } catch (thrown) {
          if (rejectUnauthorized) throw asTlsError(thrown)
          authorization.error = asTlsError(thrown)
          const chain = request.chain.map((der) => parseCertificate(der))
          const [leaf] = chain
          if (!leaf) throw asTlsError(thrown)
          return { leaf, chain }
        }
      },
    },
  }
}
