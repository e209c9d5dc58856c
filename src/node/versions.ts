// minVersion, maxVersion, secureProtocol and the SSL_OP_NO_TLSv1_x bits of secureOptions, as a range of the two
// versions that this library speaks.

import { constants } from 'node:crypto'

import type { ProtocolVersion } from '../wire/names.ts'
import { TLS12, TLS13, versions } from '../wire/registry.ts'
import { codedError, checkInteger, checkString } from './node-errors.ts'
import { settings } from './settings.ts'

export interface VersionRange {
  /** As on the wire: 0x0303, 0x0304. */
  readonly min: number
  readonly max: number
}

const numbers: Readonly<Record<string, number>> = {
  TLSv1: versions['TLS 1.0'],
  'TLSv1.1': versions['TLS 1.1'],
  'TLSv1.2': versions['TLS 1.2'],
  'TLSv1.3': versions['TLS 1.3'],
}

const numberOf = (which: 'minimum' | 'maximum', version: unknown, standard: string): number => {
  const value = version ?? standard
  const number = typeof value === 'string' ? numbers[value] : undefined
  if (number !== undefined) return number
  throw codedError(
    TypeError,
    'ERR_TLS_INVALID_PROTOCOL_VERSION',
    `${JSON.stringify(value)} is not a valid ${which} TLS protocol version`,
  )
}

/** Methods of OpenSSL, with and without an end: `TLSv1_2_server_method`. Undefined: as minVersion has it. */
const methods: Readonly<Record<string, readonly [number | undefined, number]>> = {
  TLS: [TLS12, TLS13],
  SSLv23: [undefined, TLS12],
  TLSv1: [versions['TLS 1.0'], versions['TLS 1.0']],
  TLSv1_1: [versions['TLS 1.1'], versions['TLS 1.1']],
  TLSv1_2: [TLS12, TLS12],
}

const invalidMethod = (message: string): Error => codedError(TypeError, 'ERR_TLS_INVALID_PROTOCOL_METHOD', message)

const methodRange = (method: string): readonly [number | undefined, number] => {
  const [, name = ''] = /^(.*?)(?:_server|_client)?_method$/.exec(method) ?? []
  if (name === 'SSLv2') throw invalidMethod('SSLv2 methods disabled')
  if (name === 'SSLv3') throw invalidMethod('SSLv3 methods disabled')
  const range = methods[name]
  if (range === undefined) throw invalidMethod(`Unknown method: ${method}`)
  return range
}

const conflict = (version: unknown, protocol: unknown): Error =>
  codedError(
    TypeError,
    'ERR_TLS_PROTOCOL_VERSION_CONFLICT',
    `TLS protocol version ${JSON.stringify(version)} conflicts with secureProtocol ${JSON.stringify(protocol)}`,
  )

/** Throws ERR_TLS_INVALID_PROTOCOL_VERSION, ERR_TLS_PROTOCOL_VERSION_CONFLICT or ERR_TLS_INVALID_PROTOCOL_METHOD. */
export const versionRange = (
  secureProtocol: unknown,
  secureOptions: unknown,
  minVersion: unknown,
  maxVersion: unknown,
): VersionRange => {
  if (secureProtocol) {
    if (minVersion !== undefined && minVersion !== null) throw conflict(minVersion, secureProtocol)
    if (maxVersion !== undefined && maxVersion !== null) throw conflict(maxVersion, secureProtocol)
  }
  let min = numberOf('minimum', minVersion, settings.DEFAULT_MIN_VERSION)
  let max = numberOf('maximum', maxVersion, settings.DEFAULT_MAX_VERSION)
  if (secureProtocol !== undefined && secureProtocol !== null) {
    checkString(secureProtocol, 'secureProtocol')
    const [least, most] = methodRange(secureProtocol)
    min = least ?? min
    max = most
  }
  return without(min, max, secureOptions)
}

/** SSL_OP_NO_TLSv1_2 and SSL_OP_NO_TLSv1_3 take a version out. */
const without = (min: number, max: number, options: unknown): VersionRange => {
  if (!options) return { min, max }
  checkInteger(options, 'secureOptions')
  const no12 = (options & (constants.SSL_OP_NO_TLSv1_2 ?? 0)) !== 0
  const no13 = (options & (constants.SSL_OP_NO_TLSv1_3 ?? 0)) !== 0
  return { min: no12 && min <= TLS12 ? TLS13 : min, max: no13 && max >= TLS13 ? TLS12 : max }
}

/** The part of a range that is spoken here; undefined where there is none, as with TLSv1 alone. */
export const spokenVersions = ({
  min,
  max,
}: VersionRange): { readonly min: ProtocolVersion; readonly max: ProtocolVersion } | undefined => {
  const low = Math.max(min, TLS12)
  return low > max
    ? undefined
    : { min: low === TLS13 ? 'TLS 1.3' : 'TLS 1.2', max: max >= TLS13 ? 'TLS 1.3' : 'TLS 1.2' }
}
