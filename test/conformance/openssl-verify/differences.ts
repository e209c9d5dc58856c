// The cases of OpenSSL's recipe that go another way here, and those that are about something that puretls does not
// have, each with its reason. docs/conformance.md has them in short.

import type { RecipeCase } from './recipe.ts'

const otherPath =
  'a path over the intermediate certificate that came with the leaf holds, and any path that holds is enough (RFC ' +
  '4158); OpenSSL takes the issuer out of its trust store, and looks for no other path when that one fails'
const noCommonNames =
  'a common name is not read as the name of a host anywhere here (RFC 9525 section 6.3), so no constraint is about it'
const subjectEmail =
  'an e-mail address in the subject is held to constraints where there is no subjectAltName (RFC 5280 section ' +
  '4.2.1.10), and here is one'
const comparisons =
  'comparisons of names with constraints are limited to 250,000, as in Go, and can be raised (budgets.comparisons); ' +
  "OpenSSL's limit is 1,048,576"
const md5 = 'MD5 signatures are not verified at all: they can be forged (RFC 6151)'
const noSigningKey = 'an X25519 key cannot sign, and so its certificate is of no use to TLS'

/** By the title in the recipe. */
export const differences: ReadonlyMap<string, string> = new Map([
  ['fail trusted-first path with server mistrust', otherPath],
  ['fail trusted-first path with client trust', otherPath],
  ['fail client purpose intermediate trusted', otherPath],
  ['fail client mistrust and client purpose', otherPath],
  ['accept md5 intermediate at auth level 0', md5],
  ['accept md5 leaf at auth level 0', md5],
  ['Name Constraints CNs not permitted', noCommonNames],
  ['Name Constraints CN hostname not permitted', noCommonNames],
  ['Name Constraints CN BMPSTRING hostname not permitted', noCommonNames],
  ['Name Constraints email address not permitted', subjectEmail],
  ['Name Constraints subject email address not permitted', subjectEmail],
  [
    'Accept PSS signature using SHA1 at auth level 0',
    'RSASSA-PSS is verified with the hashes of TLS (RFC 9846 section 4.3.3), SHA-1 not among them',
  ],
  [
    'Too many names and constraints to check (3)',
    'the 1,025 addresses are in the subject, where the constraints, which are on DNS names alone, cost nothing',
  ],
  ['Not too many names and constraints to check (1)', comparisons],
  ['Not too many names and constraints to check (2)', comparisons],
  ['Not too many names and constraints to check (3)', comparisons],
  [
    'Public Key Algorithm rsa instead of rsaEncryption',
    'RSA keys are named rsaEncryption (RFC 3279 section 2.3.1) or id-RSASSA-PSS (RFC 4055); 2.5.8.1.1 of X.509 is ' +
      'neither',
  ],
  ['accept X25519 EE cert issued by trusted Ed25519 self-signed CA cert', noSigningKey],
  ['accept last-resort direct leaf match Ed25519-signed self-issued cert', noSigningKey],
])

/** Why a case has nothing to do with puretls; undefined for one that has. */
export const notApplicable = ({ call, options }: RecipeCase): string | undefined => {
  if (call === 'run') return 'about PEM files in which the command finds a key beside the certificate'
  if (call === 'vfy_root') return 'about the stores and URIs that the command reads anchors from'
  if (call === 'grep') return 'about the words that the command prints'
  const level = options[options.indexOf('-auth_level') + 1]
  if (options.includes('-auth_level') && Number(level) > 2) return 'no profile asks for keys of 128 bits of security'
  const [, reason] = notBuilt.find(([option]) => options.includes(option)) ?? []
  return reason
}

const notBuilt: readonly (readonly [option: string, reason: string])[] = [
  ['@prov', "the same again with OpenSSL's FIPS provider"],
  ['-allow_proxy_certs', 'proxy certificates (RFC 3820) are not built'],
  ['-vfyopt', 'SM2 is not built'],
]
