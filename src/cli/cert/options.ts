// The options that several commands of `puretls cert` share. Light: it is loaded for every --help.

import { choice, duration, flag, list, text } from '../command.ts'
import type { KeyKind } from '../../pki/keys.ts'
import { certificateSchema } from '../certificates.ts'
import { schema } from '../schema.ts'

export const keyKinds = [
  'ecdsa-p256',
  'ecdsa-p384',
  'ecdsa-p521',
  'rsa-2048',
  'rsa-3072',
  'rsa-4096',
  'ed25519',
  'ml-dsa-44',
  'ml-dsa-65',
  'ml-dsa-87',
] as const satisfies readonly KeyKind[]

export const caOptions = {
  caFolder: text('FOLDER', "the folder of the CA (default: `ca` in the user's configuration folder)"),
  caPassword: text('SOURCE', "the password of the CA's key, if it has one: pass:WORDS, env:NAME or file:PATH"),
}

export const keyOptions = {
  kind: choice(keyKinds, 'the kind of the new key (default: ecdsa-p256)'),
  key: text('FILE', 'takes this private key instead of making one'),
  password: text('SOURCE', 'the password of that key: pass:WORDS, env:NAME or file:PATH'),
  encrypt: text('SOURCE', 'encrypts the new key with this password'),
}

export const validityOptions = {
  validity: duration('TIME', 'how long it is valid: 90d, 1y, 12h (a CA: 10y, others: 397d)'),
  from: text('DATE', 'valid from then on (default: an hour ago)'),
}

export const outOptions = {
  out: text('FILE', 'where the certificate goes (- is stdout)'),
  keyOut: text('FILE', 'where the private key goes; only its owner can read it'),
  force: flag('replaces files that are there'),
}

export const subjectOptions = {
  subject: text('NAME', 'the subject, such as `CN=example.com, O=Example`; default: the first name'),
}

export const locationOptions = {
  mustStaple: flag('the server has to staple an OCSP response'),
  ocspUrl: list('URL', 'where OCSP is answered'),
  crlUrl: list('URL', 'where the CRL is'),
  issuerUrl: list('URL', "where the issuer's certificate is"),
}

export const issuedSchema = schema.object({
  certificate: certificateSchema,
  files: schema.object({
    'certificate?': schema.string('path'),
    'key?': schema.string('path'),
    'request?': schema.string('path'),
  }),
  'pem?': schema.string('where it was not written into a file'),
})
