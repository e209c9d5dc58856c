// Why puretls, Go and OpenSSL differ on a chain. A row is about chains of one kind by what is odd about them, and names
// all five verdicts; the first whose verdicts are those that were seen is the reason. What puretls alone accepts is
// named closely, what it alone refuses may be of a whole kind. docs/limbo.md has them in short.

import { constraintReasons } from './reasons-constraints.ts'

export interface Reason {
  readonly kind: string
  /** What the label has to match. */
  readonly label: RegExp
  /** Accepted (+) or refused (-) by web-pki, rfc5280, Go, OpenSSL and OpenSSL -x509_strict; one of these. */
  readonly says: readonly string[]
  readonly why: string
}

const rows = (kind: string, ...list: readonly [label: RegExp, says: string, why: string][]): readonly Reason[] =>
  list.map(([label, says, why]) => ({ kind, label, says: says.split(' '), why }))

const der = 'what is no DER is refused (X.690 section 10); OpenSSL reads BER'
const strictForms = 'nothing depends on it, so that the default takes it; rfc5280 refuses what section 4 forbids'
const criticality = 'the criticality of an extension that is understood changes nothing (section 4.2)'
const unread = 'an extension that is not critical, not asked for and not readable stays unread; who asks gets the error'
const hints = 'key identifiers are hints for the search (section 4.2.1.1); the signature decides'
const selfIssued = 'self-issued certificates are not counted (section 4.2.1.9); Go counts them'
const selfIssuedLeaf = 'OpenSSL takes a leaf with the name of its issuer for self-signed'
const bytes = 'names are compared by section 7.1: case, spaces and types of strings do not count; Go compares bytes'
const caAsLeaf = "a CA certificate is not a server's own in the web PKI, and lacks what rfc5280 asks of CAs here"
const moreFields = 'more than the fields that there are is malformed; Go stops reading before it'
const noCurve = 'the curve, key or algorithm is none of TLS (RFC 9846 section 4.3.3)'
const onlyWeb = 'the web PKI has no such keys; rfc5280 asks nothing of keys'
const anyOfCa = 'anyExtendedKeyUsage allows any purpose in a CA (section 4.2.1.12); OpenSSL does not count it'
const anyOfLeaf = 'in the web PKI a leaf has to name serverAuth itself'

const names: readonly Reason[] = [
  ...rows(
    'dns names',
    [
      /^"b\u{fc}cher\.test" and a good name/u,
      '+--++',
      'bytes that are not ASCII stand for nothing (section 4.2.1.6); rfc5280 and Go refuse the certificate',
    ],
    [
      / and a good name|^"a_b\.test"/,
      '+-+++',
      'a name that is no host name stands for nothing but itself, and rfc5280 refuses it',
    ],
    [/^"\*\.test"/, '--+-- ', 'a wildcard needs two labels behind it'],
    [/^"(w\*|\*w)\.a\.test"/, '---++', 'a wildcard is a whole label (RFC 9525 section 6.3)'],
  ),
  ...rows(
    'other names',
    [/^(mail|a URI)/, '+-+++', 'what is no mailbox or no URI stands for nothing; rfc5280 refuses it'],
    [
      /^(an address|mail in Latin-1|mail that is not ASCII|a URI that is not ASCII)/,
      '+--++',
      'it stands for nothing, so that the default takes it',
    ],
    [
      /^a URI with a (bracket|broken escape|control sign|port that is none|space)/,
      '++-++',
      'the host of a URI is read where a constraint asks for it, and not before',
    ],
    [
      /^(a registered identifier of nothing|a tag of no kind|another name without|no context tag)/,
      '+-+--',
      'a name that cannot be read stands for nothing',
    ],
  ),
  ...rows(
    'subjectAltName',
    [/^(an empty list|left out), .*no name asked/, '+-++- +-+++', strictForms],
    [/^bytes after the list/, '--+++ --++- --+--', moreFields],
    [
      /^(left out|an empty list), the subject is its host, name asked/,
      '---++ ---+-',
      'a common name is not read as the name of a host (RFC 9525 section 6.3)',
    ],
  ),
  ...rows(
    'names of CAs',
    [/^(in another case|with (spaces|two spaces)|as (Printable|IA5|T61|BMP|Universal)String)/, '++-++', bytes],
    [
      /^(as NumericString|of another case beyond ASCII|composed and decomposed)/,
      '++---',
      `${bytes}, and OpenSSL folds less`,
    ],
    [/^PrintableString with @/, '++-++', 'signs that its type does not have are read as they are'],
    [/^invalid UTF-8, the same/, '++---', 'text that cannot be read equals itself byte for byte, and nothing else'],
    [/^an? empty|^empty/, '+-++- +-+++ +--++', strictForms],
  ),
]

const usages: readonly Reason[] = [
  ...rows(
    'key usages',
    [/^(middle|root): left out/, '++++-', 'a CA without key usage may do all (section 4.2.1.3)'],
    [
      /^leaf: (cRLSign|dataEncipherment|decipherOnly|encipherOnly|nonRepudiation|keyAgreement)$/,
      '+++--',
      'the handshake asks for the usage that its key exchange needs (option keyUsage)',
    ],
    [
      /: (three bytes|zeros at the end)/,
      '+-+++ +-++-',
      'zero bits at the end of a named bit list mean nothing, and break DER',
    ],
    [
      /^leaf: (all nine|digitalSignature and keyCertSign)/,
      '+-++-',
      'a leaf that is no CA cannot sign, whatever its key usage',
    ],
    [
      /^leaf: (keyCertSign|none)/,
      '+-+--',
      'the handshake asks for the usage that its key exchange needs (option keyUsage)',
    ],
    [
      /^(middle|root): none/,
      '--+--',
      'a key usage without keyCertSign does not sign certificates; Go takes an empty one for none',
    ],
    [/: (an unused bit that is set|eight unused bits|no bit string|an empty bit string)/, '---++ --+-- ---+-', der],
  ),
  ...rows(
    'extended key usages',
    [/\bany\b.* \/ .*asked for/, '+++--', anyOfCa],
    [/\/ any.*, asked for serverAuth/, '-++--', anyOfLeaf],
    [/(server gated|step-up)/, '---++', 'server gated cryptography of the nineties is not serverAuth'],
    [/\/ any.*, asked for clientAuth/, '-++--', anyOfLeaf],
  ),
  ...rows(
    'forms of extended key usages',
    [/^middle: any/, '+++--', anyOfCa],
    [/^leaf: any/, '-++--', anyOfLeaf],
    [/an empty list/, '--+--', 'an empty list allows nothing'],
  ),
  ...rows(
    'basicConstraints',
    [/(middle|root): a CA, path length of 12 bytes/, '++-++', 'a path length larger than any path limits nothing'],
    [/^leaf: no CA, (FALSE written out|with a path length)/, '+-+++ +-++-', strictForms],
    [/(middle|root): a CA, not critical/, '+-++-', criticality],
    [/^leaf: a CA/, '--++- ---+- --+++', caAsLeaf],
    [/more after it/, '--+--', moreFields],
    [/TRUE as 01/, '---++ ---+-', der],
    [/^root: left out/, '---+-', 'a root of version 3 without the CA bit is no CA (section 6.1.4 (k))'],
  ),
  ...rows('path lengths', [/ self-issued leaf$/, '+++-- ++---', selfIssuedLeaf], [/self-issued/, '++-++', selfIssued]),
  ...rows('depths', [/^(9|10|11) authorities/, '--+++', 'eight CAs above the leaf are the limit (option maxDepth)']),
]

const fields: readonly Reason[] = [
  ...rows(
    'key identifiers',
    [/(AKI|SKI) of (another key|no bytes)/, '+++-- +-+--', hints],
    [/AKI of another (issuer|serial number)/, '+-+-- +++--', hints],
    [
      /(AKI|SKI) (empty|left out)|AKI of (a serial number|an issuer) alone|AKI of the right issuer/,
      '+-++- +-+++ ++++- +++--',
      strictForms,
    ],
    [/(AKI|SKI) critical/, '+---- +--++', criticality],
    [/(AKI|SKI) unreadable/, '+----', unread],
  ),
  ...rows(
    'serial numbers',
    [/: (zero|of 20 bytes and a sign|of 21 bytes|of 200 bytes)/, '+-+++', strictForms],
    [/: negative/, '+--++ ++-++', strictForms],
  ),
  ...rows(
    'versions',
    [/unique identifiers|a unique identifier that is no bit string/, '+-+++ +-+--', strictForms],
    [
      /^leaf: version [12]( written out| with a unique identifier)?$/,
      '--+++ --++-',
      'a leaf of the web PKI is of version 3, and has its names in an extension',
    ],
    [/version [12] with extensions/, '--++- ---+- --+++', 'versions 1 and 2 have no extensions (section 4.1.2.9)'],
    [/version (4|-1)/, '---++', 'there is no such version (section 4.1.2.1)'],
    [
      /^root: version [12]/,
      '++++- +++-- +-++- +-+-- +-+++',
      'a trust anchor of an old version is one by being trusted (section 6.1.1 (d))',
    ],
    [/^leaf: version 3 without extensions/, '+-++-', strictForms],
  ),
  ...rows(
    'dates',
    [/over in this very second/, '+++--', 'notAfter belongs to the period (section 4.1.2.5)'],
    [
      /(GeneralizedTime before 2050|the year (0|1949))$/,
      '+-+++ ++-++',
      'a date in the other time type means the same; rfc5280 refuses it',
    ],
    [
      /(with an offset|without seconds|with a lower-case z)/,
      '--+-- --+++ ---++',
      'dates have seconds and end in Z (section 4.1.2.5.1)',
    ],
  ),
  ...rows(
    'extensions',
    [/OCSP no check, critical/, '++-++', criticality],
    [/(TLS feature|issuerAltName|SCTs), critical/, '++---', criticality],
    [
      /(CRL distribution points|authority information|freshest CRL|subject information), critical/,
      '+---- ++--- +--++ +-+++',
      criticality,
    ],
    [
      /(CRL distribution points|no policies|policy constraints|an empty)/,
      '+-+++ +-+-- +----',
      'an empty list says nothing; or stays unread',
    ],
    [
      /criticality FALSE written out|inhibitAnyPolicy, not critical/,
      '+-+++',
      'a default that is written out means what it says',
    ],
    [/unreadable$/, '+-+++ +--++ +---- +-+--', unread],
    [/a policy twice/, '+---- +--++ +-+++', 'a policy twice is the policy'],
    [
      /a policy whose qualifier is unknown, critical/,
      '--+++',
      'qualifiers of critical policies have to be understood (section 4.2.1.4)',
    ],
    [/(policy constraints|inhibitAnyPolicy), negative/, '--+++ --+-- ---++ -----', 'it is critical and cannot be read'],
    [/more after the value/, '--+--', moreFields],
    [/(addresses of RFC 3779|Netscape type).*, critical/, '---++', 'it is critical and not known here (section 4.2)'],
    [/(unknown|known), twice/, '---++ ---+- ---++', 'an extension may be there once (section 4.2)'],
    [/Netscape type, /, '+++-- ++++-', 'the types of Netscape are not read'],
  ),
  ...rows('encodings', [/(a byte after it|a length in 3 bytes|an indefinite length)/, '---++', der]),
  ...rows(
    'searches',
    [
      /^(the same key|an unknown critical extension first)/,
      '+++--',
      'all issuers are tried; OpenSSL stops at the first that fits by name and key',
    ],
    [/^six issuers of that name without/, '+-+-- +-++-', 'all issuers are tried; rfc5280 asks for key identifiers'],
    [/^the subject of the leaf/, '+++--', selfIssuedLeaf],
    [/^a self-signed CA as leaf/, '+++--', 'a certificate that is trusted is so whatever its key usage'],
    [/^a leaf that is a CA/, '-++--', caAsLeaf],
  ),
]

const algorithms: readonly Reason[] = [
  ...rows(
    'keys of leaves',
    [/P-256 not on the curve/, '++---', 'the key of a leaf is looked at when it verifies something, and fails then'],
    [/(DSA|Ed448|P-224|2047 bits|X25519)$/, '-++++', onlyWeb],
    [/(1024 bits|more after the exponent|an unknown kind)/, '-++-- -+++-', onlyWeb],
    [/(P-256|RSA|brainpool|secp256k1|Ed25519)/, '-+-++ -+--- -++++ -++--', onlyWeb],
  ),
  ...rows(
    'signatures',
    [
      /^PSS by a key for PSS/,
      '++-++',
      'keys for RSASSA-PSS alone are those of rsa_pss_pss (RFC 9846 section 4.3.3); Go has none',
    ],
    [/^RSA with two ways to write it/, '++---', 'two ways to write one algorithm mean the same (RFC 4055 section 5)'],
    [/1024 bits/, '-++--', onlyWeb],
    [/^Ed448/, '-+-++', onlyWeb],
    [/with SHA-1/, '-+--- ---++', 'SHA-1 signatures can be forged; rfc5280 asks nothing of hashes'],
    [/an integer as parameters/, '--+++', 'parameters that there are not are no mistake of form'],
    [
      /(SHA-224|DSA|brainpool|secp256k1|P-224|explicit parameters|salt of 20|Ed25519 with NULL)/,
      '---++ --+++',
      noCurve,
    ],
  ),
]

const policies: readonly Reason[] = rows(
  'policies',

  [
    /any>|>any/,
    '--+++ --.++ --+--',
    'anyPolicy is never mapped (section 6.1.4 (a)), also where no policy is left that could be',
  ],
  [
    /(noany|inhibitAny)/,
    '--+++ ---++ --.++',
    'OpenSSL maps from anyPolicy where it is inhibited, against section 6.1.3 (d) (2)',
  ],
)

export const reasons: readonly Reason[] = [
  ...names,
  ...constraintReasons(rows),
  ...usages,
  ...fields,
  ...algorithms,
  ...policies,
]
