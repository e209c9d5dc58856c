// Turns the runner's credential and verification flags into identities and verifiers. The verdict
// of the shim's verifier is what the flags say; no chain is built, since the runner's certificates are not what is
// tested.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parsePrivateKey } from '../../../src/crypto/keys.ts'
import { andThen as then } from '../../../src/crypto/maybe.ts'
import type { CryptoProvider, MaybePromise, SignatureAlgorithm, Signer } from '../../../src/crypto/provider.ts'
import { certificateListOf } from '../../../src/identity.ts'
import { TlsError } from '../../../src/errors.ts'
import type { IdentityOptions } from '../../../src/options.ts'
import { signatureSchemeById, signatureSchemes } from '../../../src/wire/registry.ts'
import { parseCertificate } from '../../../src/x509/certificate.ts'
import type { CertificateVerifier, VerifyRequest } from '../../../src/x509/verifier.ts'
import { bytesOf, type CredentialFlags, Defect, type Flags, Unimplemented } from './flags.ts'
import { policyOf } from './policies.ts'

/** Answers at once, or for the runner's -async tests on a later turn. */
export type Later = <T>(value: T) => MaybePromise<T>

/** The identities in the order in which they are tried: the -new-*-credential ones, then the default one. */
export function identitiesOf(flags: Flags, provider: CryptoProvider, later: Later): readonly IdentityOptions[] {
  const given = [...flags.credentials.filter(({ kind }) => kind !== 'psk'), flags.defaultCredential]
  return given
    .filter(({ certFile, keyFile }) => certFile !== '' || keyFile !== '')
    .map((one) => identityOf(one, flags, provider, later))
}

/** SHA-256 of the leaf of the credential that -expect-selected-credential means: -1 is the default one. */
export function digestOfCredential(flags: Flags, index: number): string {
  const { certFile } = index < 0 ? flags.defaultCredential : (flags.credentials[index] ?? flags.defaultCredential)
  const [leaf = new Uint8Array(0)] = certificateListOf(readFileSync(certFile, 'latin1'), 'cert')
  return createHash('sha256').update(leaf).digest('hex')
}

function identityOf(
  credential: CredentialFlags,
  flags: Flags,
  provider: CryptoProvider,
  later: Later,
): IdentityOptions {
  if (!['default', 'x509', 'delegated'].includes(credential.kind))
    throw new Unimplemented(`${credential.kind} credentials`)
  const { ocspResponse, signedCertTimestamps } = credential
  const staple = ocspResponse !== undefined && !flags.on.has('decline-ocsp-callback')
  return {
    cert: readFileSync(credential.certFile, 'latin1'),
    key: signerOf(credential, flags, provider, later),
    ...(credential.delegatedCredential && { delegatedCredential: credential.delegatedCredential }),
    onlyForItsIssuers: credential.mustMatchIssuer,
    ...(staple && { ocspResponse }),
    ...(signedCertTimestamps && { scts: sctList(signedCertTimestamps) }),
  }
}

function signerOf(credential: CredentialFlags, flags: Flags, provider: CryptoProvider, later: Later): Signer {
  const signer = provider.signer(parsePrivateKey(readFileSync(credential.keyFile, 'latin1')))
  if (signer instanceof Promise) throw new Unimplemented('asynchronous key import')
  const { signing } = policyOf(flags)
  const prefs = signing
    ? signatureSchemes.filter(({ name }) => signing.includes(name)).map(({ id }) => id)
    : credential.signingPrefs
  const algorithms = prefs.length > 0 ? algorithmsOf(prefs) : signer.algorithms
  return {
    ...signer,
    algorithms,
    sign: (algorithm, message) => then(later(undefined), () => signer.sign(algorithm, message)),
  }
}

const algorithmsOf = (schemes: readonly number[]): readonly SignatureAlgorithm[] =>
  schemes.map((id) => {
    const scheme = signatureSchemeById.get(id)
    if (scheme === undefined) throw new Unimplemented(`signature scheme 0x${id.toString(16)}`)
    return scheme.algorithm
  })

/** RFC 6962 section 3.3: a list of SCTs, each with its length, in a list with its length. */
export function sctList(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const list: Uint8Array[] = []
  const bad = new TlsError('bad_option', 'scts: not a list of SCTs')
  if (bytes.length < 2 || view.getUint16(0) !== bytes.length - 2 || bytes.length === 2) throw bad
  for (let at = 2; at < bytes.length;) {
    const length = at + 2 <= bytes.length ? view.getUint16(at) : 0
    if (length === 0 || at + 2 + length > bytes.length) throw bad
    list.push(bytes.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return list
}

/** The callback that BoringSSL's shim installs: it fails if -verify-fail says so and the mode takes notice. */
export function verifierOf(flags: Flags, noted: { verified: boolean }, later: Later): CertificateVerifier {
  const heeded = flags.on.has('server') || flags.on.has('verify-peer')
  const fails = flags.on.has('verify-fail') && heeded
  const alert = flags.on.has('use-custom-verify-callback') ? 'certificate_unknown' : 'handshake_failure'
  let verified = false
  const verify = (request: VerifyRequest) => {
    if (verified) throw new Defect('Certificate verified twice.')
    if (bytesOf(flags, 'expect-ocsp-response') !== undefined && !request.ocspResponse?.length) {
      throw new Defect('OCSP response not available in verify callback.')
    }
    const chain = request.chain.map((der) => parseCertificate(der))
    const [leaf] = chain
    if (leaf === undefined) throw new Defect('the verifier was given no certificate')
    noted.verified = true
    return then(later(undefined), () => {
      if (fails) throw new TlsError('verifier_refused', 'CERTIFICATE_VERIFY_FAILED', { alert })
      verified = true
      return { leaf, chain }
    })
  }
  return { verify, fingerprint: 'bogo' }
}
