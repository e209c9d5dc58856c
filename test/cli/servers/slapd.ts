// OpenLDAP's server with an empty database.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../interop/process.ts'
import { folderIn, start } from '../../programs/servers.ts'
import type { Files, Started } from '../../programs/servers.ts'
import { listens } from './ready.ts'

export const slapd = async (directory: string, { cert, key }: Files): Promise<Started> => {
  const folder = folderIn(directory, 'slapd')
  const file = join(folder, 'slapd.conf')
  const lines = [
    `TLSCertificateFile ${cert}`,
    `TLSCertificateKeyFile ${key}`,
    `pidfile ${join(folder, 'pid')}`,
    'database ldif',
    'suffix "cn=example"',
    `directory ${folderIn(folder, 'data')}`,
  ]
  writeFileSync(file, lines.join('\n') + '\n')
  const port = await freePort()
  // A level of debugging keeps it in the foreground.
  const args = ['-f', file, '-h', `ldap://127.0.0.1:${port}`, '-d', 'stats']
  const server = await start({ ldap: port }, /slapd starting/, '/usr/sbin/slapd', args)
  // It says so before it listens.
  await listens(port)
  return server
}
