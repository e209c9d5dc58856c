// HOST[:PORT] as people write it.

import { domainToASCII } from 'node:url'
import { isIP, isIPv6 } from 'node:net'
import { usage } from './errors.ts'

export interface Target {
  /** A name (ASCII) or an address, without brackets. */
  readonly host: string
  readonly port: number
  /** `host:port`, with brackets where they are needed. */
  readonly shown: string
}

/** `example.com`, `example.com:8443`, `[::1]:443`, `::1`, `https://example.com/path`. Names become A-labels. */
export const parseTarget = (input: string, defaultPort: number): Target => {
  const url = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(input)
  const authority = (url?.[1] ?? input).replace(/^.*@/, '')
  const [, bracketed, named, digits] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(isIPv6(authority) ? `[${authority}]` : authority) ?? []
  const host = hostOf(bracketed, named, input)
  const port = digits === undefined ? defaultPort : portOf(digits, input)
  return { host, port, shown: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` }
}

const hostOf = (bracketed: string | undefined, named: string | undefined, input: string): string => {
  if (bracketed !== undefined) {
    if (!isIPv6(bracketed)) throw usage(`"${input}": there is no IPv6 address in the brackets`)
    return bracketed
  }
  if (named === undefined || named === '') throw usage(`"${input}" has no host: write HOST or HOST:PORT`)
  if (isIP(named)) return named
  if (/[\s/\\?#%]/.test(named)) throw usage(`"${named}" is neither a host name nor an address`)
  const ascii = domainToASCII(named.replace(/\.$/, ''))
  if (ascii === '' || !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(ascii))
    throw usage(`"${named}" is neither a host name nor an address`)
  return ascii
}

export const portOf = (digits: string, input: string): number => {
  const port = Number(digits)
  if (!/^\d{1,5}$/.test(digits) || port > 65_535) throw usage(`"${input}": "${digits}" is no port (0 to 65535)`)
  return port
}
