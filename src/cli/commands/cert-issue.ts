// The commands of `puretls cert` that make certificates and requests.

import { defineCommand, flag, list, number, text } from '../command.ts'
import type { Command } from '../command.ts'
import { schema } from '../schema.ts'
import {
  caOptions,
  issuedSchema,
  keyOptions,
  locationOptions,
  outOptions,
  subjectOptions,
  validityOptions,
} from '../cert/options.ts'

const NAMES = {
  name: 'NAME',
  help: 'host names, *.wildcards, IP addresses; e-mail addresses and URIs',
  required: true,
  many: true,
} as const
const handlers = async () => import('../cert/issuing.ts')

export const certCa: Command = defineCommand({
  name: 'cert ca',
  summary: 'makes the local CA that signs what the other commands make',
  text: [
    'The CA lives in a folder that only you can open: ca.pem, ca-key.pem, index.json with what it issued ' +
      'and revoked. Nothing trusts it until `puretls cert trust`.',
  ],
  options: {
    name: text('NAME', 'its name, such as `CN=Example CA, O=Example`'),
    ...caOptions,
    ...validityOptions,
    kind: keyOptions.kind,
    key: keyOptions.key,
    password: keyOptions.password,
    permit: list('NAME', 'it may issue for these domains and address ranges only: example.com, 192.0.2.0/24'),
    exclude: list('NAME', 'it may not issue for these'),
    pathLength: number('N', 'how many further CAs may stand below it'),
    under: text('FOLDER', 'an intermediate CA, signed by the CA of that folder'),
    force: flag('replaces a CA that is there'),
  },
  examples: [
    { run: 'puretls cert ca', says: 'the CA of this user, for certificates of the machines you develop on' },
    {
      run: "puretls cert ca --name 'CN=Example CA, O=Example' --permit example.com --validity 5y",
      says: 'one that can sign for example.com only',
    },
    {
      run: 'puretls cert ca --ca-folder ./test-ca --kind ed25519 --json',
      says: 'one beside it, in a folder of its own',
    },
  ],
  schema: issuedSchema,
  exits: ['input'],
  run: async (context) => (await handlers()).runCa(context, context.options),
})

export const certLeaf: Command = defineCommand({
  name: 'cert leaf',
  summary: 'makes a certificate for a server, signed by the local CA',
  args: [NAMES],
  options: {
    ...outOptions,
    ...keyOptions,
    ...validityOptions,
    ...subjectOptions,
    alsoClient: flag('for TLS clients too'),
    ...locationOptions,
    ...caOptions,
  },
  examples: [
    { run: 'puretls cert leaf localhost 127.0.0.1 ::1', says: 'localhost.pem and localhost-key.pem' },
    {
      run: "puretls cert leaf example.com '*.example.com' --kind rsa-2048 --validity 90d",
      says: 'a wildcard, RSA, for 90 days',
    },
    { run: 'puretls cert leaf example.com --kind ml-dsa-65 --out pq.pem', says: 'a post-quantum signature key' },
  ],
  schema: issuedSchema,
  exits: ['input'],
  run: async (context) => (await handlers()).runLeaf(context, context.options),
})

export const certClient: Command = defineCommand({
  name: 'cert client',
  summary: 'makes a certificate for a client, signed by the local CA',
  args: [{ name: 'NAME', help: 'who it is: the common name', required: true }],
  options: {
    email: list('ADDRESS', 'mailboxes, DNS names or URIs for the subjectAltName'),
    alsoServer: flag('for TLS servers too'),
    ...outOptions,
    ...keyOptions,
    ...validityOptions,
    ...subjectOptions,
    ...locationOptions,
    ...caOptions,
  },
  examples: [{ run: 'puretls cert client alice --email alice@example.com', says: 'alice.pem and alice-key.pem' }],
  schema: issuedSchema,
  exits: ['input'],
  run: async (context) => (await handlers()).runClient(context, context.options),
})

export const certSelfSigned: Command = defineCommand({
  name: 'cert self-signed',
  summary: 'makes a certificate that signs itself, for tests',
  args: [NAMES],
  options: {
    ...outOptions,
    ...keyOptions,
    ...validityOptions,
    ...subjectOptions,
    client: flag('for TLS clients too'),
    ...locationOptions,
  },
  examples: [{ run: 'puretls cert self-signed localhost --out self.pem', says: 'self.pem and self-key.pem' }],
  schema: issuedSchema,
  exits: ['input'],
  run: async (context) => (await handlers()).runSelfSigned(context, context.options),
})

export const certCsr: Command = defineCommand({
  name: 'cert csr',
  summary: 'makes a certificate request (PKCS#10) for another CA',
  args: [NAMES],
  options: {
    ...outOptions,
    ...keyOptions,
    ...subjectOptions,
    mustStaple: locationOptions.mustStaple,
    client: flag('for a TLS client'),
  },
  examples: [
    { run: 'puretls cert csr example.com www.example.com', says: 'example.com.csr.pem and example.com-key.pem' },
    { run: 'puretls cert csr example.com --key server-key.pem --out -', says: 'for a key that is there, on stdout' },
  ],
  schema: schema.object({
    files: schema.object({ 'request?': schema.string('path'), 'key?': schema.string('path') }),
    'pem?': schema.string('where it was not written into a file'),
  }),
  exits: ['input'],
  run: async (context) => (await handlers()).runCsr(context, context.options),
})

export const certSign: Command = defineCommand({
  name: 'cert sign',
  summary: 'signs a certificate request with the local CA',
  text: ["Key and names are the request's, and its signature has to be right. What it is for is yours to say."],
  args: [{ name: 'FILE', help: 'the request, PEM or DER; - is stdin', required: true }],
  options: {
    name: list('NAME', "these names instead of the request's"),
    client: flag('for a client instead of a server'),
    ca: flag('a CA certificate'),
    ...outOptions,
    ...validityOptions,
    ...subjectOptions,
    ...locationOptions,
    ...caOptions,
  },
  examples: [{ run: 'puretls cert sign example.com.csr.pem --validity 90d', says: 'example.com.pem' }],
  schema: issuedSchema,
  exits: ['input'],
  run: async (context) => (await handlers()).runSign(context, context.options),
})
