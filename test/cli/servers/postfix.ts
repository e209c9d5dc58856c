// Postfix that receives mail on one port with TLS and on one without. It has to be started as root.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../interop/process.ts'
import { folderIn, startSupervised } from '../../programs/servers.ts'
import type { Files, Started } from '../../programs/servers.ts'
import { greets } from './ready.ts'

const programs = '/usr/lib/postfix/sbin'

export const postfix = async (directory: string, { cert, key }: Files): Promise<Started> => {
  const folder = folderIn(directory, 'postfix')
  const [conf, queue, data] = ['conf', 'queue', 'data'].map((name) => folderIn(folder, name)) as [
    string,
    string,
    string,
  ]
  execFileSync('chown', ['postfix', data])
  const [smtp, clear] = [await freePort(), await freePort()]
  writeFileSync(
    join(conf, 'main.cf'),
    `compatibility_level = 3.6
queue_directory = ${queue}
data_directory = ${data}
command_directory = /usr/sbin
daemon_directory = ${programs}
maillog_file = ${folder}/log
maillog_file_prefixes = ${folder}
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = localhost
alias_maps =
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${key}, ${cert}
`,
  )
  writeFileSync(
    join(conf, 'master.cf'),
    `127.0.0.1:${smtp} inet n - n - - smtpd
127.0.0.1:${clear} inet n - n - - smtpd
  -o smtpd_tls_security_level=none
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
cleanup unix n - n - 0 cleanup
postlog unix-dgram n - n - 1 postlogd
`,
  )
  // Makes the queue's folders. `postfix start-fg` would leave its master behind when it is ended itself.
  execFileSync('/usr/sbin/postfix', ['-c', conf, 'check'], { stdio: 'pipe' })
  const server = await startSupervised({ smtp, clear }, /^/, join(programs, 'master'), ['-c', conf, '-s'])
  await greets(smtp)
  return server
}
