// `puretls cert trust` and `untrust`: a CA into the stores of this machine and its programs, and out again. What will
// be done is said first and done only with --yes; what was done is written down, and exactly that is undone.

import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { nodeProvider } from '../../crypto/node.ts'
import { parseCertificates } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { Context, Options } from '../command.ts'
import { configFolder } from '../config-folder.ts'
import { CliError, explain, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput } from '../files.ts'
import type { Io } from '../io.ts'
import { caFolder } from './store.ts'

export interface TrustFlags {
  readonly store: readonly string[]
  readonly nss: readonly string[]
  readonly root: string | undefined
  readonly caFolder: string | undefined
  readonly yes: boolean
}

/** One thing that is done: a file that is written or removed, or a command that is run. */
type Step =
  | { readonly write: string; readonly pem: string }
  | { readonly remove: string }
  | {
      readonly run: readonly [string, ...string[]]
      /** It fails where there is nothing to take back. */
      readonly mayFail?: true
    }

interface Action {
  readonly store: string
  readonly steps: readonly Step[]
  /** What takes it back. */
  readonly undo: readonly Step[]
}

interface Done extends Action {
  readonly sha256: string
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

interface Distribution {
  /** Where it takes certificates from. */
  readonly folder: string
  /** What it wants run when there is another one. */
  readonly update: readonly [string, ...string[]]
  /** And when there is one less. */
  readonly refresh: (name: string) => readonly Step[]
}

const distributions: readonly Distribution[] = [
  {
    folder: '/usr/local/share/ca-certificates',
    update: ['update-ca-certificates'],
    // Without --fresh it leaves links to the file that is gone; and its hook puts certificates into Java's store, but
    // does not take them out.
    refresh: (name) => [
      { run: ['update-ca-certificates', '--fresh'] },
      { run: ['keytool', '-delete', ...javaStore, '-alias', `debian:${name}.pem`], mayFail: true },
    ],
  },
  {
    folder: '/etc/pki/ca-trust/source/anchors',
    update: ['update-ca-trust', 'extract'],
    refresh: () => [{ run: ['update-ca-trust', 'extract'] }],
  },
  {
    folder: '/etc/ca-certificates/trust-source/anchors',
    update: ['update-ca-trust'],
    refresh: () => [{ run: ['update-ca-trust'] }],
  },
]
const javaStore = ['-cacerts', '-storepass', 'changeit'] as const

const systemAction = async (
  io: Io,
  name: string,
  path: string,
  certificate: Certificate,
  root: string,
): Promise<Action> => {
  if (io.platform === 'darwin') {
    const keychain = '/Library/Keychains/System.keychain'
    return {
      store: 'system',
      steps: [{ run: ['security', 'add-trusted-cert', '-d', '-r', 'trustRoot', '-k', keychain, path] }],
      undo: [{ run: ['security', 'remove-trusted-cert', '-d', path] }],
    }
  }
  if (io.platform === 'win32') {
    return {
      store: 'system',
      steps: [{ run: ['certutil', '-addstore', '-f', 'Root', path] }],
      undo: [{ run: ['certutil', '-delstore', 'Root', certificate.serialNumberHex] }],
    }
  }
  for (const { folder, update, refresh } of distributions) {
    const at = join(root, folder)
    if (!(await exists(at))) continue
    const file = join(at, `${name}.crt`)
    const pem = certificate.toPem()
    // Another root's programs are not this one's to run.
    if (root !== '/') return { store: 'system', steps: [{ write: file, pem }], undo: [{ remove: file }] }
    return {
      store: 'system',
      steps: [{ write: file, pem }, { run: update }],
      undo: [{ remove: file }, ...refresh(name)],
    }
  }
  throw new CliError('input', `there is no trust store of a known kind under ${root}`, {
    remedy: 'known are those of Debian, Fedora, Arch, macOS and Windows',
  })
}

const javaAction = (name: string, path: string): Action => {
  const store = [...javaStore, '-alias', name] as const
  return {
    store: 'java',
    steps: [{ run: ['keytool', '-importcert', '-noprompt', ...store, '-file', path] }],
    undo: [{ run: ['keytool', '-delete', ...store] }],
  }
}

const nssAction = (folder: string, name: string, path: string): Action => ({
  store: `nss ${folder}`,
  steps: [{ run: ['certutil', '-A', '-d', `sql:${folder}`, '-t', 'C,,', '-n', name, '-i', path] }],
  undo: [{ run: ['certutil', '-D', '-d', `sql:${folder}`, '-n', name] }],
})

/** Chromium's database, and those of Firefox's profiles. */
const nssFolders = async ({ env }: Io): Promise<readonly string[]> => {
  const home = env['HOME'] ?? ''
  const parents = [
    '.mozilla/firefox',
    'snap/firefox/common/.mozilla/firefox',
    'Library/Application Support/Firefox/Profiles',
  ]
  const profiles = await Promise.all(
    parents.map(async (parent) =>
      (await readdir(join(home, parent)).catch(() => [])).map((one) => join(home, parent, one)),
    ),
  )
  const all = [join(home, '.pki/nssdb'), ...profiles.flat()]
  const found = await Promise.all(all.map((folder) => exists(join(folder, 'cert9.db'))))
  return all.filter((_, at) => found[at])
}

const shown = (step: Step): string => {
  if ('write' in step) return `write ${step.write}`
  return 'remove' in step ? `remove ${step.remove}` : `run   ${step.run.join(' ')}`
}

const perform = async (step: Step): Promise<void> => {
  if ('write' in step) return writeFile(step.write, step.pem, { mode: 0o644 })
  if ('remove' in step) return rm(step.remove, { force: true })
  const [command, ...args] = step.run
  await promisify(execFile)(command, args, { timeout: 120_000 }).catch((error: unknown) => {
    if (step.mayFail === true) return
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      const package_ = command === 'certutil' ? ' (package libnss3-tools or nss-tools)' : ''
      throw new CliError('input', `the command ${command} is not on this machine${package_}`)
    }
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : undefined
    throw new CliError('input', `${command} failed${said ? `: ${said}` : ''}`)
  })
}

const ledgerPath = (io: Io): string => join(configFolder(io), 'trusted.json')

const readLedger = async (io: Io): Promise<readonly Done[]> => {
  const text = await readFile(ledgerPath(io), 'utf8').catch(() => '[]')
  return JSON.parse(text) as readonly Done[]
}

const writeLedger = async (io: Io, done: readonly Done[]): Promise<void> => {
  await mkdir(configFolder(io), { recursive: true, mode: 0o700 })
  await writeFile(ledgerPath(io), `${JSON.stringify(done, undefined, 2)}\n`, { mode: 0o600 })
}

const certificateAt = async (io: Io, path: string): Promise<Certificate> => {
  const bytes = await readInput(io, path)
  const [certificate] = ((): readonly Certificate[] => {
    try {
      return parseCertificates(bytes)
    } catch {
      return []
    }
  })()
  if (certificate === undefined) throw new CliError('input', `${path}: there is no certificate in it`)
  return certificate
}

export const runTrust = async ({ io, out, args }: Context<Options>, flags: TrustFlags): Promise<ExitCode> => {
  const path = resolve(io.cwd, args[0] ?? caFolder(io, flags.caFolder).certificatePath)
  const certificate = await certificateAt(io, path)
  if (certificate.basicConstraints?.ca !== true) throw usage('trust: it is not the certificate of a CA')
  const sha256 = certificate.fingerprint(nodeProvider)
  const name = `puretls-${sha256.slice(0, 16)}`
  const stores = flags.store.length > 0 ? flags.store : flags.nss.length > 0 ? ['nss'] : ['system', 'nss']
  const actions: Action[] = []
  for (const store of stores) {
    if (store === 'system')
      actions.push(await systemAction(io, name, path, certificate, resolve(io.cwd, flags.root ?? '/')))
    else if (store === 'java') actions.push(javaAction(name, path))
    else if (store === 'nss') {
      const folders = flags.nss.length > 0 ? flags.nss.map((folder) => resolve(io.cwd, folder)) : await nssFolders(io)
      actions.push(...folders.map((folder) => nssAction(folder, name, path)))
    } else throw usage(`--store: "${store}" is not one of system, java, nss`)
  }
  const before = await readLedger(io)
  const fresh = actions.filter(({ store }) => !before.some((one) => one.store === store && one.sha256 === sha256))
  const heading = `${certificate.subject.toString()} (sha256 ${sha256}) will be trusted by`
  return carryOut({ io, out }, flags.yes, heading, fresh, async (action) => {
    await writeLedger(io, [...(await readLedger(io)), { ...action, sha256 }])
  })
}

export const runUntrust = async ({ io, out, args }: Context<Options>, flags: TrustFlags): Promise<ExitCode> => {
  const path = args[0] ?? caFolder(io, flags.caFolder).certificatePath
  const certificate = await certificateAt(io, path)
  const sha256 = certificate.fingerprint(nodeProvider)
  const ours = (await readLedger(io)).filter((one) => one.sha256 === sha256)
  if (ours.length === 0) throw new CliError('input', `${path}: puretls has not put it into any store`)
  const actions = ours.map(({ store, undo, steps }) => ({ store, steps: undo, undo: steps }))
  const heading = `${certificate.subject.toString()} (sha256 ${sha256}) will no longer be trusted by`
  return carryOut({ io, out }, flags.yes, heading, actions, async ({ store }) => {
    const left = (await readLedger(io)).filter((one) => one.store !== store || one.sha256 !== sha256)
    await writeLedger(io, left)
  })
}

const carryOut = async (
  { io, out }: Pick<Context, 'io' | 'out'>,
  isMeant: boolean,
  heading: string,
  actions: readonly Action[],
  note: (action: Action) => Promise<void>,
): Promise<ExitCode> => {
  await out.print(
    heading,
    ...actions.flatMap(({ store, steps }) => [`  ${store}`, ...steps.map((step) => `    ${shown(step)}`)]),
  )
  if (isMeant) {
    for (const action of actions) {
      for (const step of action.steps) {
        if (io.signal.aborted) return exitCodes.interrupted
        await perform(step).catch((error: unknown) => {
          throw explain(error)
        })
      }
      await note(action)
    }
  }
  await out.json({ done: isMeant, stores: actions.map(({ store, steps }) => ({ store, steps: steps.map(shown) })) })
  await out.print(isMeant ? 'done' : 'nothing was done yet: --yes does it')
  return exitCodes.ok
}
