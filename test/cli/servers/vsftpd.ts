// vsftpd for anonymous users, who may write in `incoming`. It has to be started as root.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child, freePort } from '../../interop/process.ts'
import { folderIn } from '../../programs/servers.ts'
import type { Files, Started } from '../../programs/servers.ts'
import { greets } from './ready.ts'

export const vsftpd = async (directory: string, { cert, key }: Files): Promise<Started> => {
  const folder = folderIn(directory, 'vsftpd')
  const file = join(folder, 'vsftpd.conf')
  const root = folderIn(folder, 'root')
  execFileSync('chown', ['ftp', folderIn(root, 'incoming')])
  const port = await freePort()
  const settings = {
    listen: 'YES',
    background: 'NO',
    listen_address: '127.0.0.1',
    listen_port: port,
    ssl_enable: 'YES',
    rsa_cert_file: cert,
    rsa_private_key_file: key,
    ssl_ciphers: 'HIGH',
    anonymous_enable: 'YES',
    allow_anon_ssl: 'YES',
    anon_root: root,
    anon_upload_enable: 'YES',
    anon_umask: '022',
    write_enable: 'YES',
    seccomp_sandbox: 'NO',
    secure_chroot_dir: folderIn(folder, 'empty'),
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(file, lines.join(''))
  const server = new Child('/usr/sbin/vsftpd', [file])
  await greets(port)
  return { ports: { ftp: port }, stop: () => server.stop() }
}
