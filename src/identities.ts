// Where a config's identities come from: options that name them, or a function of what the peer asks.

import type { KeyInput } from './crypto/key-input.ts'
import { andThen as then } from './crypto/maybe.ts'
import type { CryptoProvider, MaybePromise } from './crypto/provider.ts'
import { sha256From } from './crypto/sha256.ts'
import { TlsError } from './errors.ts'
import type { CertificateInput, Identities, Identity, IdentityOptions } from './options.ts'
import { toHex } from './wire/bytes.ts'
import { certificateBytes } from './x509/load.ts'

/** DER certificates of PEM (text or bytes), DER, or a list of them. Throws `bad_option` where there is none. */
export const certificateListOf = (input: CertificateInput, option: string): readonly Uint8Array[] =>
  certificateBytes(input, option)

/** SHA-256 of a certificate, in hex. */
export const sha256Of = (provider: CryptoProvider, der: Uint8Array): string => toHex(sha256From(provider).digest(der))

/** Where identities come from: options that name them, or a function of what the peer asks. */
export interface IdentitySource<Asked> {
  readonly identity?: Identities | ((asked: Asked) => MaybePromise<Identities | undefined>)
  readonly cert?: CertificateInput
  readonly key?: KeyInput
}

/** Turns options into an identity: loadIdentity() of identity.ts, where that is there. */
export type IdentityLoader = (options: IdentityOptions, provider: CryptoProvider) => MaybePromise<Identity>

/** For entry points that carry no reader of keys: identities come loaded. */
export const onlyLoaded: IdentityLoader = () => {
  throw new TlsError(
    'bad_option',
    'cert, key: this entry point reads none; give identity: await loadIdentity({ cert, key }, provider)',
  )
}

/** The identities to choose from, as a function of what the peer asks; those that options name are loaded once. */
export const identitiesOf = <Asked>(
  source: IdentitySource<Asked>,
  provider: CryptoProvider,
  load: IdentityLoader,
): ((asked: Asked) => MaybePromise<readonly Identity[]>) => {
  const { identity } = source
  if (typeof identity === 'function') {
    const known: Known = new WeakMap()
    return (asked) => then(identity(asked), (chosen) => loadAll(chosen, provider, load, known))
  }
  const loaded = loadAll(identity ?? certAndKey(source), provider, load)
  if (loaded instanceof Promise) loaded.catch(() => {}) // reported to each connection that asks for it
  return () => loaded
}

/** The identities that options name, as a text that tells them apart; undefined for a function, which may answer
 * otherwise each time. */
const identityKeyOf = (source: IdentitySource<never>, provider: CryptoProvider): string | undefined => {
  const { identity = certAndKey(source) } = source
  if (typeof identity === 'function') return undefined
  const list = identity === undefined ? [] : isList(identity) ? identity : [identity]
  return list.map((one) => (isLoaded(one) ? one.digest : digestOf(one, provider))).join(' ')
}

/** Both, of a client's options. */
export const clientIdentities = <Asked>(
  source: IdentitySource<Asked>,
  provider: CryptoProvider,
  load: IdentityLoader,
): {
  readonly identitiesFor: ReturnType<typeof identitiesOf<Asked>>
  readonly identityKey: string | undefined
} => ({
  identitiesFor: identitiesOf(source, provider, load),
  identityKey: identityKeyOf(source, provider),
})

const digestOf = ({ cert }: IdentityOptions, provider: CryptoProvider): string => {
  const [der = new Uint8Array(0)] = certificateListOf(cert, 'cert')
  return sha256Of(provider, der)
}

const certAndKey = ({ cert, key }: IdentitySource<never>): IdentityOptions | undefined => {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined) throw new TlsError('bad_option', 'key was given without cert')
  if (key === undefined) throw new TlsError('bad_option', 'cert was given without key')
  return { cert, key }
}

/** Options that a function answered with before, and what they were loaded as: the same object is loaded once. */
type Known = WeakMap<IdentityOptions, MaybePromise<Identity>>

const loadAll = (
  identities: Identities | undefined,
  provider: CryptoProvider,
  load: IdentityLoader,
  known?: Known,
): MaybePromise<readonly Identity[]> => {
  if (identities === undefined) return []
  const list = isList(identities) ? identities : [identities]
  const loaded = list.map((one) => {
    if (isLoaded(one)) return one
    const identity = known?.get(one) ?? load(one, provider)
    known?.set(one, identity)
    return identity
  })
  const ready = loaded.filter((one): one is Identity => !(one instanceof Promise))
  return ready.length === loaded.length ? ready : Promise.all(loaded)
}

const isList = (identities: Identities): identities is readonly (IdentityOptions | Identity)[] =>
  Array.isArray(identities)
const isLoaded = (identity: IdentityOptions | Identity): identity is Identity =>
  'signer' in identity && 'certificates' in identity
