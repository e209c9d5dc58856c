// NSD, an authoritative name server, with one zone.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../interop/process.ts'
import { folderIn, start } from '../../programs/servers.ts'
import type { Started } from '../../programs/servers.ts'

/** `records` are lines of a zone file under example.com. */
export const nsd = async (directory: string, records: readonly string[]): Promise<Started> => {
  const folder = folderIn(directory, 'nsd')
  const port = await freePort()
  const zone = ['$ORIGIN example.com.', '$TTL 60', '@ IN SOA ns hostmaster 1 3600 600 86400 60', '@ IN NS ns']
  writeFileSync(join(folder, 'example.com.zone'), [...zone, 'ns IN A 127.0.0.1', ...records, ''].join('\n'))
  const path = (name: string): string => JSON.stringify(join(folder, name))
  const settings = [
    'server:',
    `  ip-address: 127.0.0.1@${port}`,
    '  username: ""',
    '  chroot: ""',
    '  database: ""',
    `  zonesdir: ${path('.')}`,
    `  xfrdir: ${path('.')}`,
    `  pidfile: ${path('pid')}`,
    `  xfrdfile: ${path('xfrd')}`,
    `  zonelistfile: ${path('zones')}`,
    '  server-count: 1',
    '  verbosity: 1',
    'remote-control:',
    '  control-enable: no',
    'zone:',
    '  name: "example.com"',
    '  zonefile: "example.com.zone"',
    '',
  ]
  const file = join(folder, 'nsd.conf')
  writeFileSync(file, settings.join('\n'))
  return start({ dns: port }, /nsd started/, 'nsd', ['-d', '-c', file])
}
