// Files that take long to read, each kind in any size: PEM texts, and signed CRLs, which are read only after their
// signature holds, so that they are of somebody who is trusted and careless. What each costs is in hostile.ts.

import { nodeProvider } from '../../src/crypto/node.ts'
import { derElement, derGeneralizedTime, derInteger, derSequence } from '../../src/wire/der.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { crlCheck, verifyChain } from '../../src/x509/index.ts'
import { certificateIssuer, makeCrl, reason } from '../x509/make-crl.ts'
import { extension, makeCa, makeLeaf, name, now, text, utcTime } from '../x509/make.ts'

export interface HostileFile {
  readonly what: string
  /** A file of about so many bytes, and what reads it. */
  readonly prepare: (bytes: number) => () => unknown
}

const BEGIN = '-----BEGIN A-----\n'
const END = '-----END A-----\n'
const repeated = (part: string, bytes: number): string => part.repeat(Math.ceil(bytes / part.length))
/** Characters of base64, four of them to a group, with `between` after each. */
const spaced = (between: string, bytes: number): string =>
  repeated(`A${between}A${between}A${between}A${between}`, bytes)

const pemTexts: Readonly<Record<string, (bytes: number) => string>> = {
  'lines of one character': (bytes) => BEGIN + spaced('\n', bytes) + END,
  'lines of one character, the last one broken': (bytes) => `${BEGIN}${spaced('\n', bytes)}*\n${END}`,
  'spaces between all characters': (bytes) => `${BEGIN}${spaced(' ', bytes)}\n${END}`,
  'wide spaces between all characters': (bytes) => `${BEGIN}${spaced('\u3000', bytes)}\n${END}`,
  'empty lines in a block': (bytes) => BEGIN + repeated('\n', bytes) + END,
  'one header with many lines': (bytes) => `${BEGIN}a: b\n${repeated(' c\n', bytes)}\nAAAA\n${END}`,
  'many headers': (bytes) => `${BEGIN}${repeated('a: b\n', bytes)}\nAAAA\n${END}`,
  'blocks of one byte': (bytes) => repeated(`${BEGIN}AA==\n${END}`, bytes),
  'lines that look like boundaries': (bytes) => repeated('-----BEGIN\n', bytes),
  'dashes in a block': (bytes) => BEGIN + repeated('-----\n', bytes) + END,
  'boundaries on one line': (bytes) => repeated(`-----BEGIN A-----AAAA-----END A-----`, bytes),
  'empty lines before a block that is broken': (bytes) => `${repeated('\n', bytes)}${BEGIN}*\n${END}`,
}

const ca = makeCa('ca')
const leaf = makeLeaf(ca)
const date = utcTime('250101000000Z')
const serial = (i: number): Uint8Array => derInteger(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, i >> 16, i >> 8, i))

const crlEntries: Readonly<Record<string, (i: number) => readonly Uint8Array[]>> = {
  'proper entries': (i) => [serial(i), date],
  'proper entries with a reason': (i) => [serial(i), date, derSequence(reason(i % 6))],
  'proper entries with extensions of their own': (i) => [
    serial(i),
    date,
    derSequence(reason(i % 6), extension('2.5.29.24', derGeneralizedTime(now - i * 1000))),
  ],
  'entries with dates that are none': (i) => [serial(i), utcTime('259901000000Z')],
  'entries without a date': (i) => [serial(i)],
  'entries without a serial number': () => [date],
  'entries with extensions that are none': (i) => [serial(i), date, derSequence(derElement(4, text(`${i}`)))],
  'entries with unknown critical extensions': (i) => [
    serial(i),
    date,
    derSequence(extension(`1.2.3.${i}`, Uint8Array.of(5, 0), true)),
  ],
  'entries of other issuers': (i) => [serial(i), date, derSequence(certificateIssuer(name(`ca ${i}`)))],
  'entries of one serial number': () => [serial(1), date],
}

const entriesOf = (entry: (i: number) => readonly Uint8Array[], bytes: number): Uint8Array => {
  const entries = new Uint8Array(bytes + 100)
  let length = 0
  for (let i = 0; length < bytes; i++) {
    const one = derSequence(...entry(i))
    entries.set(one, length)
    length += one.length
  }
  return entries.subarray(0, length)
}

const failing = (read: () => unknown) => (): unknown => {
  try {
    return read()
  } catch (error) {
    return error
  }
}

export const hostilePem: readonly HostileFile[] = Object.entries(pemTexts).map(([what, make]) => ({
  what: `PEM: ${what}`,
  prepare: (bytes) => {
    const file = make(bytes)
    return failing(() => decodePem(file))
  },
}))

/** What the first verification with the CRL takes, its signature included. */
export const hostileCrls: readonly HostileFile[] = Object.entries(crlEntries).map(([what, entry]) => ({
  what: `CRL: ${what}`,
  prepare: (bytes) => {
    const crl = makeCrl(ca, { entries: [entriesOf(entry, bytes)] })
    return () =>
      verifyChain([leaf.der], {
        provider: nodeProvider,
        trust: ca.der,
        time: now,
        serverName: 'host.example',
        checks: [crlCheck({ crls: crl })],
      })
  },
}))
