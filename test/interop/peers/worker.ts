// Peers that are programs of ours in another language (Go, Java, Python): one process for all connections, told what to
// do in lines of key=value fields with tabs between them.
//   in: serve id=1 version=... cert=... key=... ca=... require=0|1 groups=a,b and dial id=2 port=... message=... ...
//   out: listening id=1 port=...    done id=1 received=... exporter=... keylog=line;line    failed id=1 why=...

import type { Files, Peer, PeerReport, PeerSetup } from '../peer.ts'
import type { Child } from '../process.ts'

export interface WorkerSetup extends Omit<Peer, 'find' | 'serve' | 'dial'> {
  /** Its version, or undefined if it is not here. */
  version(): Promise<string | undefined>
  /** Starts the process. */
  start(): Promise<Child>
}

export const workerPeer = (setup: WorkerSetup): Peer => {
  let worker: Promise<Child> | undefined
  let ids = 0
  const child = (): Promise<Child> => (worker ??= setup.start())

  const done = async (process: Child, id: number, from: number): Promise<PeerReport> => {
    const [, verb, rest = ''] = await process.waitFor(new RegExp(`^(done|failed)\\tid=${id}\\t(.*)$`, 'm'), from)
    if (verb === 'failed') throw new Error(`${setup.name}: ${rest}`)
    const fields = new Map(
      rest.split('\t').map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
    )
    return {
      received: fields.get('received') ?? '',
      exporter: fields.get('exporter') || undefined,
      keyLog: fields.get('keylog') ? fields.get('keylog')?.split(';') : undefined,
    }
  }

  return {
    ...setup,
    find: setup.version,
    serve: async (how, files) => {
      const process = await child()
      const id = ++ids
      const from = process.output.length
      process.write(command('serve', { id, ...fieldsOf(how, files, 'server') }))
      const [, verb, rest = ''] = await process.waitFor(new RegExp(`^(listening|failed)\\tid=${id}\\t(.*)$`, 'm'), from)
      if (verb === 'failed') throw new Error(`${setup.name}: ${rest}`)
      return {
        port: Number(/port=(\d+)/.exec(rest)?.[1]),
        report: () => done(process, id, from),
        stop: async () => process.write(command('stop', { id })),
      }
    },
    dial: async (port, how, files) => {
      const process = await child()
      const id = ++ids
      const from = process.output.length
      process.write(command('dial', { id, port, message: how.message, ...fieldsOf(how, files, 'client') }))
      return done(process, id, from)
    },
  }
}

const fieldsOf = (setup: PeerSetup, files: Files, role: 'client' | 'server') => {
  const certificate = setup.certificate ?? (role === 'server' ? 'ecdsa' : undefined)
  return {
    version: setup.version === 'TLS 1.3' ? '1.3' : '1.2',
    ca: files.ca,
    ...(certificate && files[role][certificate]),
    require: setup.requireClientCertificate ? 1 : 0,
    update: setup.updateKeys ? 1 : 0,
    resume: setup.resume ? 1 : 0,
    groups: setup.groups?.join(',') ?? '',
    log: files.directory,
  }
}

const command = (verb: string, fields: Readonly<Record<string, string | number | undefined>>): string =>
  `${[verb, ...Object.entries(fields).map(([name, value]) => `${name}=${value ?? ''}`)].join('\t')}\n`
