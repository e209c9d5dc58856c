// Trust on first use, as SSH has it: the key that a server showed first is kept under its name, and from then on no
// other will do. A CertificateVerifier in place of chainVerifier(), for servers that no authority certified.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { run, use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider, MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { parseCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { randomNameOf } from './fingerprint.ts'
import { spkiPin } from './pinning.ts'
import { reject } from './rejection.ts'
import type { CertificateVerifier, ResumeRequest, VerifiedChain, VerifyRequest } from './verifier.ts'

/** Where pins are kept: a Map will do; so does anything that saves to disk. */
export interface TofuStore {
  get(name: string): MaybePromise<string | undefined>
  set(name: string, pin: string): unknown
}

export interface TofuOptions {
  readonly provider: CryptoProvider
  readonly store: TofuStore
  /** Asked when a name is seen for the first time; false refuses it. Default: accepted. */
  readonly onFirstUse?: (name: string, pin: string, certificate: Certificate) => MaybePromise<boolean>
  /** Key for the store. Default: the server name, lower case. Give it where one name has several ports. */
  readonly nameOf?: (request: VerifyRequest) => string | undefined
  /** Names the store, so that sessions last as long as it does, beyond this process. Default: a random name. */
  readonly fingerprint?: string
}

const names: Names<TofuOptions> = {
  provider: 'object',
  store: 'object',
  onFirstUse: 'function',
  nameOf: 'function',
  fingerprint: 'string',
}

/** Names and dates in the certificate do not count: only its key does. Throws a CertificateError with reason
 * `refused`. */
export const tofuVerifier = (options: TofuOptions): CertificateVerifier => {
  checkOptions(options, names, { required: ['provider', 'store'] })
  return {
    verify: (request) => run(verify(request, options)),
    fingerprint: `tofu ${options.fingerprint ?? randomNameOf(options.store)}`,
    mayResume: (request) => run(isStillKnown(request, options)),
  }
}

/** A session is as good as the key that it began with: not beyond the time when that is replaced or removed in the
 * store. */
function* isStillKnown(
  { chain, serverName, ...request }: ResumeRequest,
  { provider, store, nameOf }: TofuOptions,
): Steps<boolean> {
  const [leaf] = chain
  if (leaf === undefined) return false
  const name =
    nameOf?.({ ...request, serverName, chain: chain.map(({ der }) => der), leaf }) ?? serverName?.toLowerCase()
  return name !== undefined && (yield* use(store.get(name))) === spkiPin(leaf, provider)
}

function* verify(request: VerifyRequest, { provider, store, onFirstUse, nameOf }: TofuOptions): Steps<VerifiedChain> {
  const name = nameOf?.(request) ?? request.serverName?.toLowerCase()
  if (name === undefined) {
    throw new TlsError('bad_option', 'trust on first use needs a name to keep the key under: give serverName or nameOf')
  }
  const [der] = request.chain
  if (der === undefined) throw new TlsError('bad_option', 'the chain is empty')
  const leaf = parseCertificate(der)
  const pin = spkiPin(leaf, provider)
  const known = yield* use(store.get(name))
  if (known === undefined) {
    const accepted = onFirstUse === undefined || (yield* use(onFirstUse(name, pin, leaf)))
    if (!accepted) reject('refused', `the key of ${name} is new and was not accepted: ${pin}`, leaf)
    yield* use(store.set(name, pin))
  } else if (known !== pin) {
    reject(
      'refused',
      `the key of ${name} has changed: it was ${known} and is ${pin}. Someone may be in between; if the server has ` +
        'a new key, remove the old one from the store',
      leaf,
    )
  }
  return { leaf, chain: [leaf] }
}
