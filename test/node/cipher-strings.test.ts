// Cipher strings of OpenSSL (openssl-ciphers(1)): which suites of TLS 1.2 each selects and in which order, compared
// with the ClientHello of node:tls for the same string.

import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import * as nodeTls from 'node:tls'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createSecureContext } from '../../src/node/index.ts'
import { cipherSuites } from '../../src/wire/registry.ts'

const ours = new Set(nodeProvider.suites.map(({ id }) => id))
/** But for those of RFC 8442 with GCM, which OpenSSL does not have. */
const known = cipherSuites.filter(
  ({ id, name, version }) => version === 'TLS 1.2' && ours.has(id) && !/^TLS_ECDHE_PSK_.*GCM/.test(name),
)
const nameById = new Map(known.map(({ id, name }) => [id, name]))

const firstRecord = (far: Duplex): Promise<Buffer> =>
  new Promise((resolve) => {
    let all = Buffer.alloc(0)
    far.on('data', (data: Buffer) => {
      all = Buffer.concat([all, data])
      if (all.length >= 5 && all.length >= 5 + all.readUInt16BE(3)) resolve(all.subarray(5))
    })
  })

/** Numbers of the suites in a ClientHello: after its header, the version, the random and the session ID. */
const suitesIn = (hello: Buffer): readonly number[] => {
  const at = 4 + 2 + 32 + 1 + hello.readUInt8(4 + 2 + 32)
  return Array.from({ length: hello.readUInt16BE(at) / 2 }, (_, index) => hello.readUInt16BE(at + 2 + 2 * index))
}

const version = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
const refused = (error: unknown): string => `refused: ${String(Reflect.get(Object(error), 'code'))}`

/** Suites of node:tls for a string, of those that are here as well. */
const selectedByNode = async (ciphers: string): Promise<readonly string[] | string> => {
  const [near, far] = duplexPair()
  try {
    const pskCallback = (): nodeTls.PSKCallbackNegotation => ({ psk: Buffer.alloc(16), identity: 'x' })
    const socket = nodeTls.connect({
      socket: near,
      ciphers,
      ...version,
      pskCallback,
      checkServerIdentity: () => undefined,
    })
    const failed = new Promise<string>((resolve) => socket.on('error', (error) => resolve(refused(error))))
    const hello = await Promise.race([firstRecord(far), failed])
    socket.destroy()
    if (typeof hello === 'string')
      return hello === 'refused: ERR_SSL_NO_CIPHERS_AVAILABLE' ? 'nothing that is here as well' : hello
    const names = suitesIn(hello).flatMap((id) => nameById.get(id) ?? [])
    return names.length === 0 ? 'nothing that is here as well' : names
  } catch (error) {
    return Reflect.get(Object(error), 'code') === 'ERR_SSL_NO_CIPHER_MATCH'
      ? 'nothing that is here as well'
      : refused(error)
  }
}

const selectedHere = (ciphers: string): readonly string[] | string => {
  const names: ReadonlySet<string> = new Set(known.map(({ name }) => name))
  try {
    const chosen = createSecureContext({ ciphers, ...version }).context.suites.filter((name) => names.has(name))
    return chosen.length === 0 ? 'nothing that is here as well' : chosen
  } catch (error) {
    return Reflect.get(Object(error), 'code') === 'ERR_SSL_NO_CIPHER_MATCH'
      ? 'nothing that is here as well'
      : refused(error)
  }
}

const words = [
  ...['ALL', 'DEFAULT', 'COMPLEMENTOFALL', 'COMPLEMENTOFDEFAULT', 'HIGH', 'MEDIUM', 'LOW', 'EXPORT'],
  ...['kRSA', 'RSA', 'aRSA', 'ECDHE', 'EECDH', 'kECDHE', 'kEECDH', 'ECDSA', 'aECDSA', 'PSK', 'aPSK', 'kPSK'],
  ...['kECDHEPSK', 'AES', 'AES128', 'AES256', 'AESGCM', 'AESCCM', 'AESCCM8', 'CHACHA20', 'SHA', 'SHA1', 'SHA256'],
  ...['SHA384', 'TLSv1.2', 'TLSv1.0', 'TLSv1', 'SSLv3', 'NONE-SUCH'],
]

describe('a cipher string selects what it selects in node:tls, in that order', () => {
  const compare = async (strings: readonly string[]): Promise<void> => {
    for (const text of strings) {
      const ciphers = text.includes('@SECLEVEL') ? text : `${text}:@SECLEVEL=0`
      expect([ciphers, selectedHere(ciphers)]).toEqual([ciphers, await selectedByNode(ciphers)])
    }
  }
  it('a word alone, taken away, ruled out, put last, and before everything', () =>
    compare(
      words.flatMap((word) => [
        word,
        `ALL:-${word}`,
        `ALL:!${word}:ALL`,
        `ALL:+${word}`,
        `${word}:ALL`,
        `!${word}:ALL`,
      ]),
    ))
  it('words joined', () =>
    compare(words.flatMap((word) => ['ECDHE', 'AESGCM', 'aRSA', 'SHA1', 'PSK'].map((other) => `${word}+${other}`))))
  it('names of suites, by either of their names', () =>
    compare(known.map(({ name }) => name).flatMap((name) => [name, `ALL:!${name}`])))
  it('by length of key, and at each security level', () =>
    compare([
      ...words.map((word) => `${word}:@STRENGTH`),
      ...['AES128:AES256', 'CHACHA20:AES128', 'PSK:ALL'].flatMap((list) => [list, `${list}:@STRENGTH`]),
      ...[0, 1, 2, 3, 4, 5].flatMap((level) => [`ALL:@SECLEVEL=${level}`, `@SECLEVEL=${level}:AES128-SHA`]),
    ]))
  it('with every separator, and with empty words', () =>
    compare([
      'AES128-SHA AES256-SHA',
      'AES128-SHA,AES256-SHA',
      'AES128-SHA;AES256-SHA',
      '::AES128-SHA::',
      'AES128-SHA:',
    ]))
})
