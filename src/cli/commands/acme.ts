// `puretls acme`: certificates of a public CA.

import { acmeOptions } from '../acme/options.ts'
import { choice, defineCommand, flag, text } from '../command.ts'
import type { Command, CommandGroup } from '../command.ts'
import { schema } from '../schema.ts'

const how = {
  challenge: choice(
    ['tls-alpn-01', 'http-01', 'dns-01'],
    'how the CA is shown that a name is yours (default: tls-alpn-01)',
  ),
  listen: text('[HOST:]PORT', 'where this command answers the CA (default: 443 for tls-alpn-01, 80 for http-01)'),
  dnsHook: text(
    'COMMAND',
    'for dns-01: run as COMMAND set|remove NAME VALUE for the TXT record; returns when it can be seen',
  ),
  out: text('FOLDER', 'where NAME.pem and NAME-key.pem go (default: the folder it runs in)'),
  ...acmeOptions,
}
const issuedSchema = schema.object(
  {
    name: schema.string(),
    until: schema.time(),
    isNew: schema.boolean('false: the one that there was is good for a while'),
    files: schema.object({ certificate: schema.string('path'), key: schema.string('path') }),
  },
  'one a line',
)
const exits = ['input', 'connection', 'interrupted'] as const

const issue: Command = defineCommand({
  name: 'acme issue',
  summary: 'gets a certificate for each name, unless there is a good one',
  args: [{ name: 'NAME', help: 'DNS names; *.wildcards by dns-01', required: true, many: true }],
  options: { ...how, force: flag('gets a new one whatever there is') },
  examples: [
    {
      run:
        'puretls acme issue example.com --agree --directory https://localhost:14000/dir --acme-ca ca.pem ' +
        '--listen 5001',
      says: 'answered on port 5001, as a test server asks',
    },
  ],
  schema: issuedSchema,
  exits,
  run: async (context) => (await import('../acme/run.ts')).runIssue(context, context.options),
})

const renew: Command = defineCommand({
  name: 'acme renew',
  summary: 'renews certificates that end soon: for a timer, once a day or more often',
  args: [{ name: 'NAME', help: 'these only (default: all that there are)', many: true }],
  options: { ...how, force: flag('renews what is not due as well') },
  examples: [
    {
      run: 'puretls acme renew --agree --directory https://localhost:14000/dir --acme-ca ca.pem --listen 5001',
      says: 'all that end soon',
    },
  ],
  schema: issuedSchema,
  exits,
  run: async (context) => (await import('../acme/run.ts')).runRenew(context, context.options),
})

const list: Command = defineCommand({
  name: 'acme list',
  summary: 'lists the certificates that there are, and until when',
  options: acmeOptions,
  examples: [{ run: 'puretls acme list --json', says: 'for a program' }],
  schema: schema.object({
    certificates: schema.array(
      schema.object({
        name: schema.string(),
        until: schema.string(),
        daysLeft: schema.integer(),
        issuer: schema.string(),
      }),
    ),
  }),
  exits: ['input'],
  run: async (context) => (await import('../acme/run.ts')).runList(context, context.options),
})

export const acme: CommandGroup = {
  name: 'acme',
  summary: "gets and renews certificates of a public CA (ACME, Let's Encrypt)",
  text: [
    'A server that does all this by itself: puretls serve --acme NAME. Several processes and machines may ' +
      'share --storage: one of them asks the CA.',
  ],
  commands: [issue, renew, list],
}
