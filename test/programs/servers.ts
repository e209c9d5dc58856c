// The servers that the programs talk to, each started in a folder of its own on a port that was free, and ended by its
// id.

import { execFileSync } from 'node:child_process'
import { chmodSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { Child, freePort, run } from '../interop/process.ts'

/** Paths of PEM files. */
export interface Files {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export type Ports = Readonly<Record<string, number>>

export interface Started {
  readonly ports: Ports
  stop(): Promise<unknown>
}

/** Waits until the server says that it is ready. */
export const start = async (
  ports: Ports,
  ready: RegExp,
  ...child: ConstructorParameters<typeof Child>
): Promise<Started> => {
  const server = new Child(...child)
  await server.waitFor(ready)
  return { ports, stop: () => server.stop() }
}

/**
 * The same for a server with processes of its own, which has to be asked to end: a shell starts it, and ends it when
 * the shell's input is closed, if only because this process is gone.
 */
export const startSupervised = async (
  ports: Ports,
  ready: RegExp,
  program: string,
  args: readonly string[],
): Promise<Started> => {
  const script = '"$@" <&- & child=$!; cat >/dev/null; kill -TERM $child; wait $child'
  const server = new Child('sh', ['-c', script, 'sh', program, ...args])
  await server.waitFor(ready)
  const stop = (): Promise<unknown> => {
    server.endInput()
    return server.exited()
  }
  return { ports, stop }
}

export const isRoot = process.getuid?.() === 0

export const folderIn = (directory: string, name: string): string => {
  const folder = join(directory, name)
  mkdirSync(folder)
  return folder
}

/** PostgreSQL, which refuses to run as root: then it runs as the user that its package has made. */
export const postgres = async (directory: string, { cert, key }: Files): Promise<Started> => {
  const folder = folderIn(directory, 'postgres')
  const [bin] = globSync('/usr/lib/postgresql/*/bin').toSorted().reverse()
  if (bin === undefined) throw new Error('PostgreSQL is not installed')
  const as = isRoot ? ['runuser', '-u', 'postgres', '--'] : []
  const ownKey = join(folder, 'key.pem')
  execFileSync('cp', [key, ownKey])
  writeFileSync(join(folder, 'password'), 'secret\n')
  if (isRoot) execFileSync('chown', ['-R', 'postgres', folder])
  chmodSync(ownKey, 0o600)
  const data = join(folder, 'data')
  const command = (name: string, ...args: string[]): [string, string[]] => {
    const [program = '', ...rest] = [...as, join(bin, name), ...args]
    return [program, rest]
  }
  const password = `--pwfile=${join(folder, 'password')}`
  execFileSync(...command('initdb', '-D', data, '-U', 'tester', '-A', 'scram-sha-256', '--no-sync', password), {
    stdio: 'pipe',
    cwd: folder,
  })
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    ssl: 'on',
    ssl_cert_file: cert,
    ssl_key_file: ownKey,
    fsync: 'off',
  }
  const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = command('postgres', '-D', data, '-p', String(port), ...given)
  return startSupervised({ postgres: port }, /ready to accept connections/, ...server)
}

export const mariadb = async (directory: string, { cert, key }: Files): Promise<Started> => {
  const folder = folderIn(directory, 'mariadb')
  const data = join(folder, 'data')
  const user = isRoot ? ['--user=root'] : []
  const install = ['--no-defaults', ...user, `--datadir=${data}`, '--auth-root-authentication-method=normal']
  execFileSync('mariadb-install-db', [...install, '--skip-test-db'], { stdio: 'pipe' })
  const first = join(folder, 'first.sql')
  writeFileSync(first, "create user tester@'%' identified by 'secret' require ssl;\n")
  const port = await freePort()
  const args = [
    '--no-defaults',
    ...user,
    `--datadir=${data}`,
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--ssl-cert=${cert}`,
    `--ssl-key=${key}`,
    `--init-file=${first}`,
  ]
  return start({ mariadb: port }, /ready for connections/, 'mariadbd', args)
}

export const redis = async (directory: string, { ca, cert, key }: Files): Promise<Started> => {
  const port = await freePort()
  const tls = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca, '--tls-auth-clients', 'no']
  const args = ['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--save', '', ...tls]
  return start({ redis: port }, /Ready to accept connections/, 'redis-server', args, { cwd: directory })
}

export const mosquitto = async (directory: string, { cert, key }: Files): Promise<Started> => {
  const port = await freePort()
  const file = join(directory, 'mosquitto.conf')
  const lines = [`listener ${port} 127.0.0.1`, `certfile ${cert}`, `keyfile ${key}`, 'allow_anonymous true']
  writeFileSync(file, [...lines, ...(isRoot ? ['user root'] : []), ''].join('\n'))
  return start({ mosquitto: port }, /version .* running/, 'mosquitto', ['-c', file])
}

/** Dovecot takes any name with the password `secret`. It has to be started as root. */
export const dovecot = async (directory: string, { cert, key }: Files): Promise<Started> => {
  const folder = folderIn(directory, 'dovecot')
  const mail = folderIn(folder, 'mail')
  execFileSync('chown', ['mail:mail', mail])
  const [imap, imaps, pop3] = [await freePort(), await freePort(), await freePort()]
  const file = join(folder, 'dovecot.conf')
  writeFileSync(
    file,
    `protocols = imap pop3
base_dir = ${folder}/run/
state_dir = ${folder}/state/
log_path = /dev/stderr
listen = 127.0.0.1
ssl = required
ssl_cert = <${cert}
ssl_key = <${key}
mail_location = maildir:${mail}/%u
first_valid_uid = 1
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${mail}/%u
}
service imap-login {
  inet_listener imap {
    port = ${imap}
  }
  inet_listener imaps {
    port = ${imaps}
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = ${pop3}
  }
  inet_listener pop3s {
    port = 0
  }
}
`,
  )
  return startSupervised({ imap, imaps, pop3 }, /starting up/, 'dovecot', ['-F', '-c', file])
}

/** Servers that are Go modules, each in a folder of its name beside this file, with its tags. */
const goModules = {
  nats: '',
  kafka: '',
  // Its build takes longer than all else here.
  mongo: 'ferretdb_no_postgresql',
}
const builds = new Map<keyof typeof goModules, Promise<string>>()

/** Builds them into `directory` one after the other, while other tests run. */
export const buildServers = (directory: string): void => {
  let before: Promise<unknown> = Promise.resolve()
  for (const name of Object.keys(goModules) as (keyof typeof goModules)[]) {
    const built = before.then(() => buildGo(directory, name))
    builds.set(name, built)
    before = built.catch(() => undefined)
  }
}

const buildGo = async (directory: string, name: keyof typeof goModules): Promise<string> => {
  const program = join(directory, `${name}-server`)
  const cwd = new URL(`./${name}/`, import.meta.url).pathname
  const { code, output } = await run('go', ['build', '-tags', goModules[name], '-o', program, '.'], { cwd })
  if (code !== 0) throw new Error(`the build of ${name} failed:\n${output}`)
  return program
}

const built = (name: keyof typeof goModules): Promise<string> =>
  builds.get(name) ?? Promise.reject(new Error('buildServers() was not called'))

export const nats = async (_directory: string, { cert, key }: Files): Promise<Started> => {
  const program = await built('nats')
  const [port, natsWebSocket] = [await freePort(), await freePort()]
  return start({ nats: port, natsWebSocket }, /listening/, program, [String(port), String(natsWebSocket), cert, key])
}

/** A cluster of one that is kept in memory, by the makers of franz-go. */
export const kafka = async (_directory: string, { cert, key }: Files): Promise<Started> => {
  const program = await built('kafka')
  const port = await freePort()
  return start({ kafka: port }, /listening/, program, [String(port), cert, key])
}

/** FerretDB: MongoDB's protocol in front of SQLite. */
export const mongo = async (directory: string, { cert, key }: Files): Promise<Started> => {
  const program = await built('mongo')
  const port = await freePort()
  return start({ mongo: port }, /listening/, program, [String(port), cert, key, folderIn(directory, 'mongo')])
}
