// puretls/x509/pins: certificates and keys that are known from elsewhere than from an authority: pins, TLSA records of
// DNS (DANE, RFC 6698), and what was seen at first. What is exported here is public.

export { daneVerifier, parseTlsa } from './dane.ts'
export type { DaneOptions, TlsaRecord } from './dane.ts'
export { pinCheck, spkiPin } from './pinning.ts'
export type { PinCheckOptions } from './pinning.ts'
export { tofuVerifier } from './tofu.ts'
export type { TofuOptions, TofuStore } from './tofu.ts'
