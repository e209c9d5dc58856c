// Certificate requests, PKCS#10 (RFC 2986): made for someone else's CA, and read by ours. Called by ca.ts and by people.

import { TlsError, asTlsError } from '../errors.ts'
import { decodePem, encodePem } from '../wire/pem.ts'
import type { GeneralName } from '../x509/general-name.ts'
import { readAltNames } from '../x509/extensions.ts'
import { extensionOids } from '../x509/oids.ts'
import { merged, subjectAltName } from './extensions.ts'
import type { RawExtension } from './extensions.ts'
import { toPeculiar } from './issue.ts'
import { generateKeyPair, plain } from './keys.ts'
import type { KeyKind } from './keys.ts'
import { distinguishedName } from './names.ts'
import type { SubjectName } from './names.ts'
import { Name, Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from './peculiar.ts'

export interface RequestOptions {
  /** DNS names, IP addresses, e-mail addresses and URIs for the subjectAltName. */
  readonly names?: readonly string[]
  readonly name?: SubjectName
  readonly key?: KeyKind
  readonly extensions?: readonly RawExtension[]
}

export interface CertificateRequest {
  readonly request: Uint8Array
  /** What is sent to a CA. */
  readonly requestPem: string
  readonly privateKey: Uint8Array
  /** What stays here. */
  readonly privateKeyPem: string
}

/** A fresh key pair and a request for a certificate of it. */
export const createRequest = async (options: RequestOptions): Promise<CertificateRequest> => {
  const keys = await generateKeyPair(options.key ?? 'ecdsa-p256')
  const subject = distinguishedName(options.name ?? '')
  const names = options.names ?? []
  const extensions = merged(...(names.length === 0 ? [] : [subjectAltName(names, false)]), ...(options.extensions ?? []))
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: new Name(plain(subject)),
    keys: { privateKey: keys.privateKey, publicKey: keys.publicKey },
    signingAlgorithm: keys.signing.algorithm,
    extensions: extensions.map(toPeculiar),
  })
  const request = new Uint8Array(made.rawData)
  return {
    request,
    requestPem: encodePem('CERTIFICATE REQUEST', request),
    privateKey: keys.pkcs8,
    privateKeyPem: encodePem('PRIVATE KEY', keys.pkcs8),
  }
}

/** What a request asks for. Its own extensions are wishes: only the names are taken over by a CA here. */
export interface ReadRequest {
  /** Distinguished name, DER. */
  readonly subject: Uint8Array
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  /** subjectAltName's value, DER; undefined if it has none. */
  readonly altNames: Uint8Array | undefined
  readonly names: readonly GeneralName[]
}

/** Reads a request (PEM or DER) and checks that it was signed with the key in it. Throws `bad_option`. */
export const readRequest = async (input: string | Uint8Array): Promise<ReadRequest> => {
  const der = typeof input === 'string' ? pemRequest(input) : input
  try {
    const request = new Pkcs10CertificateRequest(plain(der))
    if (!(await request.verify())) throw new TlsError('bad_option', 'the certificate request is not signed with the key in it')
    const altNames = request.getExtension(extensionOids.subjectAltName)?.value
    const value = altNames === undefined ? undefined : new Uint8Array(altNames)
    return {
      subject: new Uint8Array(request.subjectName.toArrayBuffer()),
      spki: new Uint8Array(request.publicKey.rawData),
      altNames: value,
      names: value === undefined ? [] : readAltNames(value, 'subjectAltName of the request'),
    }
  } catch (error) {
    if (error instanceof TlsError && error.code === 'bad_option') throw error
    const { message } = asTlsError(error)
    throw new TlsError('bad_option', `this is not a certificate request (PKCS#10): ${message}`, { cause: error })
  }
}

const pemRequest = (text: string): Uint8Array => {
  const block = decodePem(text).find(({ label }) => label === 'CERTIFICATE REQUEST' || label === 'NEW CERTIFICATE REQUEST')
  if (block === undefined) throw new TlsError('bad_option', 'there is no certificate request in it (a PEM block CERTIFICATE REQUEST)')
  return block.bytes
}
