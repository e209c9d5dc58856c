// The rows of reasons.ts about name constraints.

import type { Reason } from './reasons.ts'

type Rows = (kind: string, ...list: readonly [label: RegExp, says: string, why: string][]) => readonly Reason[]

const goHasNone = 'constraints on directory names and other kinds are read (section 4.2.1.10); Go has none'
const hostAlone = 'a host without a period before it means this host alone (section 4.2.1.10); Go reads a domain'
const malformed = 'the constraint is malformed, and nobody knows what its author meant to keep out'
const incomparable = 'a name that cannot be compared is refused below a constraint of its kind'
const nothingToJudge =
  'a malformed constraint without a name to judge, and a malformed name without a constraint, count not'
const emptyPermits = 'an empty constraint is about every host, as in Go; for OpenSSL it is about none'
const quoted = 'the same mailbox in quotes and without is one'
const odd = 'a name or constraint that is no host name to RFC 5280 is compared all the same; rfc5280 refuses it'
const goUris = 'a URI without a host to compare matters to constraints on URIs alone'

export const constraintReasons = (rows: Rows): readonly Reason[] => [
  ...rows(
    'constraints',
    [/^(directory|other) /, '++-++', goHasNone],
    [/^(email|uri) (excluded|permitted) "(a\.test|A\.test|A\.TEST|b\.test|www\.a\.test)"/, '++-++ --+--', hostAlone],
    [/^uri excluded "192\.0\.2\.1"/, '++-++', 'a constraint on URIs is about host names; Go refuses one that is none'],
    [/^email permitted ("\\"u\\"@a\.test"|"u@a\.test", name "\\"u\\"@a\.test")/, '+++--', quoted],
    [/^(email|uri) permitted ""/, '+-+-- +++--', emptyPermits],
    [/^dns /, '+-+++ +--++', odd],
    [/./, '--+++ ---++ --+-- ---+- -+-++', `${malformed}; or ${incomparable}`],
  ),
  ...rows(
    'constraints of other forms',
    [/^(directory|other) /, '++-++ +--++', goHasNone],
    [/, uri name /, '++-++', goUris],
    [
      /^uri (excluded|permitted) "192\.0\.2\.1"/,
      '++-++',
      'a constraint on URIs is about host names; Go refuses one that is none',
    ],
    [/./, '+-+++ +--++', nothingToJudge],
  ),
  ...rows(
    'scopes of constraints',
    [/^a host in the common name/, '+++--', 'common names are not read as names of hosts (RFC 9525 section 6.3)'],
    [
      /^mail in the subject, inside/,
      '+++--',
      'mail in the subject counts where there is no subjectAltName (section 4.2.1.10)',
    ],
    [
      /^mail in the subject, outside/,
      '--+--',
      'mail in the subject counts where there is no subjectAltName (section 4.2.1.10)',
    ],
    [/^a self-issued CA/, '++-++', 'names of self-issued CAs are not constrained (section 6.1.3 (b))'],
    [/^the subject of/, '++-++', goHasNone],
  ),
  ...rows(
    'shapes of constraints',
    [/^leaf: /, '+-+++ +--++', 'constraints in a leaf that is no CA constrain nothing; rfc5280 refuses them'],
    [/: (not critical|minimum 0)/, '+-+++', 'the criticality, and a default that is written out, change nothing'],
    [/: an empty list$/, '+--++', 'an empty list constrains nothing'],
    [
      /: (maximum|minimum) 1/,
      '--+--',
      'minimum and maximum cannot be judged (section 4.2.1.10); Go does not look at them',
    ],
    [
      /: (an empty list of|bytes after|an empty value|an empty subtree|excluded before)/,
      '---++ --+-- ---+- -----',
      'what cannot be read, or means nothing or everything, is malformed',
    ],
  ),
]
