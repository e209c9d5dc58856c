// Channel bindings: bytes that both ends of one TLS connection know and nobody else's connection has (RFC 5929, RFC
// 9266), for authentication inside it (SCRAM-PLUS).

import type { CryptoProvider, HashName } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { signatureAlgorithmOf } from '../../x509/signature.ts'

export type ChannelBindingType = 'tls-exporter' | 'tls-unique' | 'tls-server-end-point'

export interface BindingSources {
  readonly provider: CryptoProvider
  /** Throws where keying material may not be exported. */
  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Uint8Array
  /** The server's leaf certificate (DER). */
  readonly serverCertificate: Uint8Array | undefined
  /** The first Finished of the handshake; undefined where it binds nothing (TLS 1.3, or no extended master secret). */
  readonly firstFinished: Uint8Array | undefined
}

/** Throws `unsupported`, with a sentence that names a type to use instead. */
export const channelBinding = (type: ChannelBindingType, sources: BindingSources): Uint8Array => {
  switch (type) {
    case 'tls-exporter': // RFC 9266 section 2: the context is empty, not absent
      return sources.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', new Uint8Array(0))
    case 'tls-unique':
      if (sources.firstFinished) return sources.firstFinished
      throw new TlsError(
        'unsupported',
        'tls-unique is for TLS 1.2 with the extended master secret: use tls-exporter (RFC 9266 section 3)',
      )
    case 'tls-server-end-point':
      return endPoint(sources)
    default:
      throw new TlsError(
        'bad_option',
        `channelBinding: ${String(type)} is not tls-exporter, tls-unique or tls-server-end-point`,
      )
  }
}

/** RFC 5929 section 4.1: the hash of the certificate, with the hash of its signature; SHA-256 for MD5 and SHA-1. */
const endPoint = ({ provider, serverCertificate }: BindingSources): Uint8Array => {
  if (!serverCertificate) throw new TlsError('unsupported', 'tls-server-end-point: the server has no certificate here')
  const { signatureAlgorithm } = parseCertificate(serverCertificate)
  const name = signatureAlgorithmOf(signatureAlgorithm)
  const hashName = /sha(384|512)$/.exec(name ?? '')?.[0] ?? (/sha(1|256)$|md5$/.test(name ?? '') ? 'sha256' : undefined)
  const hash = isHash(hashName) ? provider.hashes[hashName] : undefined
  if (!hash)
    throw new TlsError('unsupported', 'tls-server-end-point needs a certificate signed with a hash: use tls-exporter')
  return hash.digest(serverCertificate)
}

const isHash = (name: string | undefined): name is HashName =>
  name === 'sha256' || name === 'sha384' || name === 'sha512'
