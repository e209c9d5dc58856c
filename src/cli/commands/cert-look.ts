// The commands of `puretls cert` that look at certificates, convert them, and take them back.

import { choice, defineCommand, duration, flag, list, text } from '../command.ts'
import type { Command } from '../command.ts'
import { caOptions } from '../cert/options.ts'
import { certificateSchema } from '../certificates.ts'
import { schema } from '../schema.ts'

const FILES = { name: 'FILE', help: 'PEM, DER or PKCS#12; - is stdin', required: true, many: true } as const
const nullableTime = schema.nullable(schema.time())

export const certShow: Command = defineCommand({
  name: 'cert show',
  summary: 'says what is in a file: certificates, requests, CRLs, keys, PKCS#12',
  args: [FILES],
  options: {
    text: flag('the whole certificate, as `openssl x509 -text` prints it'),
    password: text('SOURCE', 'of a PKCS#12 file: pass:WORDS, env:NAME or file:PATH'),
  },
  examples: [
    { run: 'puretls cert show server.pem', says: 'names, dates and key' },
    { run: 'puretls cert show server.pem --text', says: 'every field and extension' },
    { run: 'puretls cert show server.pem server-key.pem ca.pem --json', says: 'for a program' },
  ],
  schema: schema.object({
    contents: schema.array(
      schema.anyOf(
        schema.object({ kind: { const: 'certificate' }, certificate: certificateSchema }),
        schema.object({
          kind: { const: 'request' },
          subject: schema.string(),
          names: schema.array(schema.string()),
          key: schema.string(),
          signed: schema.boolean('the request is signed with its own key'),
        }),
        schema.object({
          kind: { const: 'crl' },
          issuer: schema.string(),
          thisUpdate: nullableTime,
          nextUpdate: nullableTime,
          revoked: schema.array(
            schema.object({
              serialNumber: schema.hex(),
              at: nullableTime,
              reason: schema.nullable(schema.string()),
            }),
          ),
        }),
        schema.object({ kind: { const: 'key' }, type: schema.string() }),
        schema.object({ kind: { const: 'encrypted key' } }),
      ),
    ),
  }),
  exits: ['input'],
  run: async (context) => (await import('../cert/looking.ts')).runShow(context, context.options),
})

export const certVerify: Command = defineCommand({
  name: 'cert verify',
  summary: 'verifies a certificate, and tells each path that was tried and why it failed',
  args: [
    {
      name: 'FILE',
      help: 'the certificate, with its intermediates behind it or in further files',
      required: true,
      many: true,
    },
  ],
  options: {
    ca: list('FILE', "trusts these certificates instead of the machine's roots"),
    localCa: flag('trusts the local CA'),
    caFolder: caOptions.caFolder,
    name: text('NAME', 'the DNS name or IP address that it has to be for'),
    purpose: choice(['server', 'client', 'any'], 'what it is for (default: server)'),
    at: text('DATE', 'as if it were then: 2027-01-31'),
    crl: list('FILE', 'refuses what these CRLs revoke, and a leaf that none of them tells of'),
    profile: choice(['web-pki', 'rfc5280', 'baseline'], 'how strictly (default: web-pki)'),
    password: text('SOURCE', 'of a PKCS#12 file: pass:WORDS, env:NAME or file:PATH'),
  },
  examples: [
    { run: 'puretls cert verify server.pem --ca ca.pem --name localhost', says: 'whether a client would take it' },
    {
      run: 'puretls cert verify server.pem --ca ca.pem --at 2027-01-31 --json',
      says: 'for a program, with every path that was tried',
    },
  ],
  schema: schema.object({
    ok: schema.boolean(),
    chain: schema.array(schema.string(), 'the path that holds, leaf first'),
    reason: schema.nullable(schema.string('stable, for programs')),
    message: schema.nullable(schema.string()),
    remedy: schema.nullable(schema.string()),
    tried: schema.array(
      schema.object({
        path: schema.array(schema.string()),
        anchor: schema.nullable(schema.string('null where it ended before one')),
        ok: schema.boolean(),
        reason: schema.nullable(schema.string()),
        message: schema.nullable(schema.string()),
      }),
      'in the order of the search',
    ),
  }),
  exits: ['input', 'verification'],
  run: async (context) => (await import('../cert/verifying.ts')).runVerify(context, context.options),
})

export const certConvert: Command = defineCommand({
  name: 'cert convert',
  summary: 'turns PEM, DER and PKCS#12 into each other',
  args: [FILES],
  options: {
    to: choice(['pem', 'der', 'p12'], 'the format (default: by the name of --out, or PEM)'),
    out: text('FILE', 'where it goes (default: stdout)'),
    key: text('FILE', 'a private key to put in'),
    password: text('SOURCE', 'of what is read: pass:WORDS, env:NAME or file:PATH'),
    newPassword: text('SOURCE', 'of what is written: a PKCS#12 file or an encrypted key'),
    name: text('NAME', 'the name of the key in a PKCS#12 file'),
    chainOnly: flag('certificates only, no key'),
    force: flag('replaces a file that is there'),
  },
  examples: [
    {
      run: 'puretls cert convert server.pem --key server-key.pem --out server.p12 --new-password pass:sesame',
      says: 'for Windows, Java or a browser',
    },
    { run: 'puretls cert convert server.pem --to der --out server.der', says: 'DER' },
  ],
  schema: schema.object({
    file: schema.string(),
    format: schema.oneOf(['pem', 'der', 'p12']),
    certificates: schema.integer(),
    hasKey: schema.boolean(),
  }),
  exits: ['input'],
  run: async (context) => (await import('../cert/looking.ts')).runConvert(context, context.options),
})

const revocationSchema = schema.object({
  serialNumbers: schema.array(schema.hex(), 'revoked now'),
  reason: schema.nullable(schema.string()),
  crl: schema.string('path of the new CRL'),
  revoked: schema.integer('how many are on it'),
  number: schema.integer('CRL number'),
})

const reasons = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
] as const

export const certRevoke: Command = defineCommand({
  name: 'cert revoke',
  summary: 'revokes certificates of the local CA, and writes its CRL',
  args: [{ name: 'FILE', help: 'the certificate, or its serial number in hex', required: true, many: true }],
  options: {
    reason: choice(reasons, 'why (default: unspecified)'),
    at: text('DATE', 'since when (default: now)'),
    undo: flag('takes certificates off hold'),
    ...caOptions,
  },
  examples: [{ run: 'puretls cert revoke localhost.pem --reason keyCompromise', says: 'its key got into wrong hands' }],
  schema: revocationSchema,
  exits: ['input'],
  run: async (context) => (await import('../cert/revoking.ts')).runRevoke(context, context.options),
})

export const certCrl: Command = defineCommand({
  name: 'cert crl',
  summary: 'writes a new CRL of the local CA',
  options: {
    validity: duration('TIME', 'until the next update (default: 7d)'),
    out: text('FILE', "where it goes (default: crl.pem in the CA's folder; - is stdout)"),
    der: flag('DER instead of PEM'),
    ...caOptions,
  },
  examples: [{ run: 'puretls cert crl --validity 30d --out crl.pem', says: 'to be published' }],
  schema: revocationSchema,
  exits: ['input'],
  run: async (context) => (await import('../cert/revoking.ts')).runCrl(context, context.options),
})
