// Where the command keeps what belongs to a user: the local CA, ACME accounts and certificates, what was trusted.

import { join } from 'node:path'
import { usage } from './errors.ts'
import type { Io } from './io.ts'

/** PURETLS_HOME, or `puretls` in the user's configuration folder as the platform has it. */
export const configFolder = ({ env, platform }: Pick<Io, 'env' | 'platform'>): string => {
  const { PURETLS_HOME: own, XDG_CONFIG_HOME: xdg, APPDATA: appData, HOME: home } = env
  if (own) return own
  if (platform === 'win32' && appData) return join(appData, 'puretls')
  if (xdg && platform !== 'darwin') return join(xdg, 'puretls')
  if (home)
    return platform === 'darwin'
      ? join(home, 'Library', 'Application Support', 'puretls')
      : join(home, '.config', 'puretls')
  throw usage('there is no home folder in the environment (HOME); say where to keep things: PURETLS_HOME')
}
