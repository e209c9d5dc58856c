// `puretls tickets`: the secret of a fleet's session tickets, and what tickets a server gives.

import { defineCommand, duration, flag, number, text } from '../command.ts'
import type { Command, CommandGroup } from '../command.ts'
import { keysSchema, ticketsSchema } from '../tickets/run.ts'

const keys: Command = defineCommand({
  name: 'tickets keys',
  summary: "makes the secret by which a fleet of servers opens one another's session tickets",
  text: [
    'Every server that has the secret and a clock derives the same ticket keys from it, a new one each period, and ' +
      'resumes what the others ' +
      'began: `sharedTicketKeys({ secret })` of puretls/session. Whoever has the secret can read resumed ' +
      'connections without forward ' +
      'secrecy: keep the file to the servers, and make a new one now and then.',
  ],
  args: [],
  options: {
    out: text('FILE', 'writes it there (64 hex digits), readable by the user alone'),
    force: flag('replaces a file that is there'),
  },
  examples: [{ run: 'puretls tickets keys --out fleet.secret', says: 'a secret for all servers' }],
  schema: keysSchema,
  exits: ['ok', 'input'],
  run: async (context) => (await import('../tickets/run.ts')).runKeys(context),
})

const show: Command = defineCommand({
  name: 'tickets show',
  summary: 'shows which session tickets a server gives, and whether it resumes by them',
  text: [
    'Three connections: one that collects tickets, one that resumes, and one that tries to use the same ticket a ' +
      'second time.',
  ],
  args: [{ name: 'HOST[:PORT]', help: 'the server', required: true }],
  options: {
    tls12: flag('offers TLS 1.2 only'),
    servername: text('NAME', 'the name to ask for (default: HOST)'),
    wait: duration('TIME', 'for tickets to come behind the handshake (default: 500ms)'),
    requests: number('N', 'how many tickets to ask for (RFC 9149)', { min: 0, max: 255 }),
    timeout: duration('TIME', 'for TCP and for the handshake, each (default: 15s)'),
  },
  examples: [
    { run: 'puretls tickets show localhost:8443', says: 'TLS 1.3' },
    { run: 'puretls tickets show localhost:8443 --tls12 --json', says: 'TLS 1.2, for a program' },
  ],
  schema: ticketsSchema,
  exits: ['ok', 'negative', 'connection', 'handshake', 'interrupted'],
  run: async (context) => (await import('../tickets/run.ts')).runTickets(context),
})

export const tickets: CommandGroup = {
  name: 'tickets',
  summary: 'session tickets: the secret of a fleet, and what a server gives',
  commands: [show, keys],
}
