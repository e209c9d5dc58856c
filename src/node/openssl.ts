// Which OpenSSL the runtime has, for what node:tls takes over from it. A runtime that does not say counts as 3.5.

import process from 'node:process'

/** Whether it is of this version or newer. */
export const isOpenSslAtLeast = (major: number, minor: number): boolean => {
  const [ownMajor = 3, ownMinor = 0] = (process.versions.openssl ?? '3.5').split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}
