// `puretls psk`: makes an external pre-shared key, in the forms in which programs take it.

import { randomBytes } from 'node:crypto'
import { choice, defineCommand, flag, number, text } from '../command.ts'
import type { Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { usage } from '../errors.ts'
import { writeOutput } from '../files.ts'
import { schema } from '../schema.ts'

const hashes = ['sha256', 'sha384'] as const

export const psk: Command = defineCommand({
  name: 'psk',
  summary: 'makes a pre-shared key, and shows how programs take it',
  text: [
    'The key is random: a password is no key, whoever records one handshake can try all of them (RFC 9257 section ' +
      '6). Give each pair of ' +
      'ends a key of its own.',
  ],
  args: [{ name: 'IDENTITY', help: 'what the client calls the key (default: puretls- and eight hex digits)' }],
  options: {
    length: number('BYTES', 'of the key (default: that of the hash)', { min: 16, max: 64 }),
    hash: choice(hashes, 'the hash of the suites that it is for (default: sha256)'),
    out: text('FILE', 'writes IDENTITY:HEX there, readable by the user alone, for `connect --psk @FILE`'),
    force: flag('replaces a file that is there'),
  },
  examples: [
    { run: 'puretls psk sensor-17', says: 'a key, and the options of puretls, OpenSSL and GnuTLS' },
    { run: 'puretls psk sensor-17 --out sensor-17.psk', says: 'into a file' },
  ],
  schema: schema.object({
    identity: schema.string(),
    key: schema.nullable(schema.hex('null if it was written to a file')),
    hash: schema.oneOf(hashes),
    file: schema.nullable(schema.string()),
  }),
  exits: ['ok', 'input'],
  run: async ({ io, out, args, options }) => {
    const hash = options.hash ?? 'sha256'
    const identity = args[0] ?? `puretls-${randomBytes(4).toString('hex')}`
    if (new TextEncoder().encode(identity).length > 65_535 || /[\r\n]/.test(identity))
      throw usage('psk: an identity is one line of at most 65535 bytes')
    const key = randomBytes(options.length ?? (hash === 'sha384' ? 48 : 32)).toString('hex')
    const { out: file, force } = options
    if (file !== undefined) await writeOutput(io, file, `${identity}:${key}\n`, { mode: 0o600, force })
    await out.json({ identity, key: file === undefined ? key : null, hash, file: file ?? null })
    const shown = file === undefined ? key : `$(cut -d: -f2 ${file})`
    await out.print(
      `identity  ${identity}`,
      file === undefined ? `key       ${key}` : `key       in ${file}`,
      '',
      `puretls   psk: { keys: { identity: ${JSON.stringify(identity)}, key: ` +
        `Buffer.from('${file === undefined ? key : '...'}', 'hex')${hash === 'sha384' ? ", hash: 'sha384'" : ''} } }`,
      `          puretls connect HOST --psk ${file === undefined ? `${identity}:${key}` : `@${file}`}`,
      `OpenSSL   openssl s_client -connect HOST:PORT -psk_identity ${identity} -psk ${shown}`,
      `GnuTLS    gnutls-cli --pskusername ${identity} --pskkey ${shown} --priority NORMAL:+ECDHE-PSK HOST`,
    )
    return exitCodes.ok
  },
})
