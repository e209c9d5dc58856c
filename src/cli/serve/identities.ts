// The certificates of `puretls serve`: out of files, which are looked at again and again; made on the spot by the
// local CA, or signed by themselves where there is none. Which one is shown is decided by the name that the client
// asks for.

import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TlsError } from '../../errors.ts'
import { loadIdentity } from '../../index.node.ts'
import type { ClientHelloInfo, Identities, Identity } from '../../index.node.ts'
import { selfSigned } from '../../pki/ca.ts'
import { createLeafCache } from '../../pki/leaf-cache.ts'
import { certificateCoversName } from '../../x509/names.ts'
import { Acme } from '../../acme/manager.ts'
import type { AcmeEvent } from '../../acme/manager.ts'
import { acmeOptionsOf } from '../acme/run.ts'
import type { AcmeFlags } from '../acme/run.ts'
import { caFolder, openCa } from '../cert/store.ts'
import { CliError, usage } from '../errors.ts'
import { readInput } from '../files.ts'
import type { Io } from '../io.ts'
import { readKey } from '../keys.ts'

export interface IdentityFlags extends AcmeFlags {
  readonly acme: readonly string[]
  readonly cert: readonly string[]
  readonly key: readonly string[]
  readonly password: string | undefined
  readonly ocsp: readonly string[]
  readonly strictSni: boolean
  readonly caFolder: string | undefined
  readonly caPassword: string | undefined
}

type Choose = (hello: ClientHelloInfo) => Identities | undefined | Promise<Identities | undefined>

export interface Source {
  readonly choose: Choose
  /** For the line that says what is served. */
  readonly says: string
  /** Reads files that have changed; true if any had. Throws if they can't be used: then the old ones go on. */
  readonly refresh: () => Promise<boolean>
  readonly acme?: Acme
}

export const identitySource = async (
  io: Io,
  flags: IdentityFlags,
  onAcme: (event: AcmeEvent) => void,
): Promise<Source> => {
  if (flags.acme.length > 0) return byAcme(io, flags, onAcme)
  return flags.cert.length > 0 ? fromFiles(io, flags) : madeHere(io, flags)
}

const byAcme = async (io: Io, flags: IdentityFlags, onEvent: (event: AcmeEvent) => void): Promise<Source> => {
  if (flags.cert.length > 0) throw usage('serve: --acme and --cert exclude each other')
  const acme = new Acme({ ...(await acmeOptionsOf(io, flags)), domains: flags.acme, onEvent })
  return {
    choose: acme.identity,
    says: `by ACME for ${flags.acme.join(', ')}`,
    refresh: async () => (await acme.reload()).length > 0,
    acme,
  }
}

const fromFiles = async (io: Io, flags: IdentityFlags): Promise<Source> => {
  const { cert, key, ocsp } = flags
  if (key.length > cert.length || ocsp.length > cert.length)
    throw usage('serve: there are more --key or --ocsp than --cert')
  const pairs = cert.map((path, at) => ({ cert: path, key: key[at] ?? path, ocsp: ocsp[at] }))
  const paths = [
    ...new Set(pairs.flatMap((pair) => [pair.cert, pair.key, ...(pair.ocsp === undefined ? [] : [pair.ocsp])])),
  ]
  const load = (): Promise<readonly Identity[]> =>
    Promise.all(
      pairs.map(async (pair) => {
        const response = pair.ocsp === undefined ? undefined : await readInput(io, pair.ocsp)
        const [chain, key_] = [await readInput(io, pair.cert), await readKey(io, pair.key, flags.password)]
        return loadIdentity({
          cert: chain,
          key: key_,
          ...(response === undefined ? {} : { ocspResponse: response }),
        }).catch((error: unknown) => {
          throw error instanceof TlsError
            ? new CliError('input', `${pair.cert}: ${error.message}`, { code: error.code, cause: error })
            : error
        })
      }),
    )
  let identities = await load()
  let seen = await stampsOf(io, paths)
  return {
    choose: ({ serverName }) => matching(identities, serverName, flags.strictSni),
    says: identities.map(({ leaf }) => leaf.subject.toString()).join('; '),
    refresh: async () => {
      const now = await stampsOf(io, paths)
      if (now === seen) return false
      // Remembered first: a file that can't be used is complained of once.
      seen = now
      identities = await load()
      return true
    },
  }
}

/** Size and time of change of all files. */
const stampsOf = async ({ cwd }: Io, paths: readonly string[]): Promise<string> =>
  (
    await Promise.all(
      paths.map(async (path) => {
        const found = await stat(resolve(cwd, path)).catch(() => undefined)
        return found === undefined ? 'gone' : `${found.mtimeMs}/${found.size}/${found.ino}`
      }),
    )
  ).join()

/** Those whose certificate has the name; without one, and without --strict-sni, all. The library takes the first
 * that fits. */
const matching = (
  identities: readonly Identity[],
  serverName: string | undefined,
  strict: boolean,
): readonly Identity[] | undefined => {
  const found = serverName === undefined ? [] : identities.filter(({ leaf }) => certificateCoversName(leaf, serverName))
  if (found.length > 0) return found
  return strict ? undefined : identities
}

const madeHere = async (io: Io, flags: IdentityFlags): Promise<Source> => {
  const refresh = async (): Promise<boolean> => false
  const at = caFolder(io, flags.caFolder)
  const isThere = await stat(at.certificatePath).then(
    () => true,
    () => false,
  )
  if (isThere) {
    const leaves = createLeafCache(await openCa(io, at, flags.caPassword))
    return {
      choose: async ({ serverName }) => (await leaves.issue(serverName ?? 'localhost')).identity,
      says: `made for each name by the local CA in ${at.folder}`,
      refresh,
    }
  }
  if (flags.caFolder !== undefined) await openCa(io, at, flags.caPassword)
  const made = await selfSigned({ names: ['localhost', '127.0.0.1', '::1'], clock: io.clock })
  const identity = await loadIdentity({ cert: made.chainPem, key: made.privateKeyPem })
  return {
    choose: () => identity,
    says: 'self-signed for localhost (`puretls cert ca` makes a CA that can be trusted)',
    refresh,
  }
}
