// What node:tls keeps as properties of the module and programs change: the default versions, ciphers and curve, and the
// limits of renegotiation. index.ts shows them under Node's names; everything here reads them from this one object.

import { native } from './native.ts'

/** Empty in workerd. */
const initialCiphers: string =
  native.tls.DEFAULT_CIPHERS ||
  [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'HIGH',
    '!aNULL',
    '!eNULL',
    '!PSK',
  ].join(':')

const atLeast12 = (version: string | undefined): string => (version === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2')

export const settings: Record<
  'DEFAULT_CIPHERS' | 'DEFAULT_ECDH_CURVE' | 'DEFAULT_MIN_VERSION' | 'DEFAULT_MAX_VERSION',
  string
> &
  Record<'CLIENT_RENEG_LIMIT' | 'CLIENT_RENEG_WINDOW', number> = {
  DEFAULT_CIPHERS: initialCiphers,
  DEFAULT_ECDH_CURVE: native.tls.DEFAULT_ECDH_CURVE ?? 'auto',
  /** TLS 1.0 and 1.1 are not here: a process started with --tls-min-v1.0 begins at TLS 1.2. */
  DEFAULT_MIN_VERSION: atLeast12(native.tls.DEFAULT_MIN_VERSION),
  DEFAULT_MAX_VERSION: native.tls.DEFAULT_MAX_VERSION === 'TLSv1.2' ? 'TLSv1.2' : 'TLSv1.3',
  CLIENT_RENEG_LIMIT: 3,
  CLIENT_RENEG_WINDOW: 600,
}
