// What ACME signs its requests with (RFC 8555 section 6.2): an ECDSA key on P-256, flattened JWS (RFC 7515), and the
// thumbprint of the key (RFC 7638). Signatures are WebCrypto's.

import { requireObject } from '../checked-options.ts'
import { createHash, createHmac } from 'node:crypto'
import { TlsError } from '../errors.ts'

export interface AccountKey {
  /** Private JWK, for storage. */
  readonly jwk: JsonWebKey
  readonly publicJwk: { readonly crv: string; readonly kty: string; readonly x: string; readonly y: string }
  readonly thumbprint: string
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const

/** A new key for an account, ECDSA P-256 (ES256, RFC 8555 section 6.2). */
export const generateAccountKey = async (): Promise<AccountKey> => {
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  return accountKey(await crypto.subtle.exportKey('jwk', privateKey))
}

/** Throws `bad_key` for what is no private key on P-256. */
export const accountKey = async (jwk: JsonWebKey): Promise<AccountKey> => {
  requireObject(jwk, 'jwk')
  const { crv = '', kty = '', x = '', y = '' } = jwk
  const key = await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['sign']).catch((cause: unknown) => {
    throw new TlsError('bad_key', 'the ACME account key is not a private key on P-256', { cause })
  })
  // RFC 7638 section 3.2: the required members, in this order.
  const publicJwk = { crv, kty, x, y }
  return {
    jwk,
    publicJwk,
    thumbprint: base64url(createHash('sha256').update(JSON.stringify(publicJwk)).digest()),
    sign: async (bytes) =>
      new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, new Uint8Array(bytes))),
  }
}

export const base64url = (data: Uint8Array | string): string => Buffer.from(data as string).toString('base64url')

/** Flattened JWS; `payload` undefined is POST-as-GET (section 6.3). */
export const signedRequest = async (
  key: AccountKey,
  header: { readonly url: string; readonly nonce: string; readonly kid?: string | undefined },
  payload: unknown,
): Promise<string> => {
  const { kid, ...rest } = header
  const protectedHeader = base64url(
    JSON.stringify({ alg: 'ES256', ...(kid === undefined ? { jwk: key.publicJwk } : { kid }), ...rest }),
  )
  const body = payload === undefined ? '' : base64url(JSON.stringify(payload))
  const signature = base64url(await key.sign(Buffer.from(`${protectedHeader}.${body}`)))
  return JSON.stringify({ protected: protectedHeader, payload: body, signature })
}

/** External account binding (section 7.3.4): the account's key, signed by the one that the CA gave. */
export const externalBinding = (
  key: AccountKey,
  url: string,
  { kid, hmacKey }: { readonly kid: string; readonly hmacKey: string },
): unknown => {
  const header = base64url(JSON.stringify({ alg: 'HS256', kid, url }))
  const payload = base64url(JSON.stringify(key.publicJwk))
  const signature = createHmac('sha256', Buffer.from(hmacKey, 'base64url'))
    .update(`${header}.${payload}`)
    .digest('base64url')
  return { protected: header, payload, signature }
}
