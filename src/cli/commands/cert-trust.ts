// `puretls cert trust` and `puretls cert untrust`.

import { caOptions } from '../cert/options.ts'
import { defineCommand, flag, list, text } from '../command.ts'
import type { Command } from '../command.ts'
import { schema } from '../schema.ts'

const args = [{ name: 'FILE', help: 'the certificate of the CA (default: that of the local CA)' }]
const options = {
  store: list('NAME', 'system, java or nss (Firefox, Chromium), each; default: system and nss'),
  nss: list('FOLDER', 'this NSS database instead of those of the browsers'),
  root: text('FOLDER', 'the system store under this folder; its programs are not run'),
  caFolder: caOptions.caFolder,
  yes: flag('does it; without it the steps are only said'),
}
const planSchema = schema.object({
  done: schema.boolean('false: only said'),
  stores: schema.array(schema.object({ store: schema.string(), steps: schema.array(schema.string()) })),
})

export const certTrust: Command = defineCommand({
  name: 'cert trust',
  summary: 'has a CA trusted by this machine: says what it will do, and does it with --yes',
  args,
  options,
  examples: [{ run: 'puretls cert trust ca.pem --store system --root .', says: 'what would be done' }],
  schema: planSchema,
  exits: ['input'],
  run: async (context) => (await import('../cert/trusting.ts')).runTrust(context, context.options),
})

export const certUntrust: Command = defineCommand({
  name: 'cert untrust',
  summary: 'takes back what `cert trust` did, and nothing else',
  args,
  options: { caFolder: options.caFolder, yes: options.yes },
  examples: [{ run: 'puretls cert untrust ca.pem', says: 'what would be done' }],
  schema: planSchema,
  exits: ['input'],
  run: async (context) =>
    (await import('../cert/trusting.ts')).runUntrust(context, {
      ...context.options,
      store: [],
      nss: [],
      root: undefined,
    }),
})
