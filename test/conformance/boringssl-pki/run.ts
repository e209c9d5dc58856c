// npm run conformance:boringssl-pki -- CHECKOUT: the CRLs and OCSP responses of BoringSSL's pki/testdata, through
// crlCheck() and ocspCheck(). What BoringSSL says of each is in the names of its files for CRLs, and in `ocspStatuses`
// for OCSP. Prints each difference with its reason, or without one, and a line of counts.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { TlsError } from '../../../src/errors.ts'
import { decodePem } from '../../../src/wire/pem.ts'
import type { PathCheck, TrustInput } from '../../../src/x509/index.ts'
import {
  createOcspRequest,
  crlCheck,
  issuerOf,
  ocspCheck,
  parseCertificate,
  verifyChain,
} from '../../../src/x509/index.ts'
import { crlDifferences, ocspDifferences, ocspStatuses } from './expected.ts'
import type { Status } from './expected.ts'

const WEEK = 7 * 86_400_000

const [checkout] = process.argv.slice(2)
if (checkout === undefined) throw new Error('usage: npm run conformance:boringssl-pki -- CHECKOUT')

/** The blocks of a file by label; text around them is ignored. */
const blocksOf = (folder: string, name: string): ReadonlyMap<string, Uint8Array> => {
  const text = readFileSync(join(checkout, 'pki/testdata', folder, `${name}.pem`), 'latin1')
  const from = text.indexOf('-----BEGIN ')
  return new Map(decodePem(text.slice(from)).map(({ label, bytes }) => [label, bytes]))
}

const blockOf = (blocks: ReadonlyMap<string, Uint8Array>, label: string): Uint8Array => {
  const bytes = blocks.get(label)
  if (!bytes) throw new Error(`no ${label}`)
  return bytes
}

/**
 * Most authorities of these files do not say that they are CAs, which BoringSSL does not ask of them here: their names
 * and keys are what is trusted.
 */
const anchorOf = (der: Uint8Array): TrustInput => {
  const { subject, spki, basicConstraints } = parseCertificate(der)
  return basicConstraints ? der : { name: subject.der, spki }
}

/** `unknown`: the status is not told, or what would tell it cannot be read. */
const statusOf = async (
  cert: Uint8Array,
  trust: readonly Uint8Array[],
  time: number,
  makeCheck: () => PathCheck,
): Promise<readonly [Status, string]> => {
  try {
    const options = { provider: nodeProvider, profile: 'path', trust: trust.map(anchorOf), time } as const
    const path = await verifyChain([cert], { ...options, defaultChecks: false })
    if (!path.ok) return ['no path', path.reason.message]
    const result = await verifyChain([cert], { ...options, checks: [makeCheck()] })
    if (result.ok) return ['good', '']
    const { code, message } = result.reason
    return [code === 'certificate_revoked' ? 'revoked' : 'unknown', message]
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    return ['unknown', error.message]
  }
}

const crlStatus = (name: string): Promise<readonly [Status, string]> => {
  const blocks = blocksOf('crl_unittest', name)
  const crl = blockOf(blocks, 'CRL')
  const other = blocks.get('CA CERTIFICATE 2')
  const authorities = [blockOf(blocks, 'CA CERTIFICATE'), ...(other ? [other] : [])]
  return statusOf(blockOf(blocks, 'CERTIFICATE'), authorities, Date.UTC(2017, 2, 9), () =>
    crlCheck({ crls: crl, depth: 'leaf', allowSha1: true, maxAge: WEEK, skew: 0, signers: authorities }),
  )
}

const ocspStatus = (name: string): Promise<readonly [Status, string]> => {
  const blocks = blocksOf('ocsp_unittest', name)
  const response = blockOf(blocks, 'OCSP RESPONSE')
  return statusOf(blockOf(blocks, 'CERTIFICATE'), [blockOf(blocks, 'CA CERTIFICATE')], Date.UTC(2017, 2, 5), () =>
    ocspCheck({ responses: [response], mode: 'hard', allowSha1: true, maxAge: WEEK, skew: 0, mustStaple: false }),
  )
}

/** Whether the request for a certificate is BoringSSL's, byte for byte. */
const isSameRequest = (name: string): boolean => {
  const blocks = blocksOf('ocsp_unittest', name)
  const certificate = parseCertificate(blockOf(blocks, 'CERTIFICATE'))
  const issuer = issuerOf(parseCertificate(blockOf(blocks, 'CA CERTIFICATE')))
  const request = createOcspRequest({ certificate, issuer }, nodeProvider)
  return Buffer.from(request).equals(blockOf(blocks, 'OCSP REQUEST'))
}

/** Names of files, without `.pem`. */
const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(checkout, 'pki/testdata', folder)).flatMap((file) => /^(.*)\.pem$/.exec(file)?.[1] ?? [])

const crlExpected = (name: string): Status =>
  name.startsWith('good') ? 'good' : name.startsWith('revoked') ? 'revoked' : 'unknown'

const compare = async (
  kind: string,
  names: readonly string[],
  ask: (name: string) => Promise<readonly [Status, string]>,
  expected: (name: string) => Status,
  reasons: Readonly<Record<string, readonly [Status, string]>>,
): Promise<boolean> => {
  let agreed = 0
  const used = new Set<string>()
  for (const name of names) {
    const [status, message] = await ask(name)
    if (status === expected(name)) {
      agreed++
      continue
    }
    const [reasoned, reason] = reasons[name] ?? []
    const why = reasoned === status ? reason : undefined
    if (why !== undefined) used.add(name)
    const told = message === '' ? '' : ` (${message})`
    console.log(`${name}: ${status}, BoringSSL ${expected(name)}: ${why ?? 'NO REASON'}${told}`)
  }
  const unused = Object.keys(reasons).filter((name) => !used.has(name))
  for (const name of unused) console.log(`${name}: a reason without use`)
  const without = names.length - agreed - used.size
  console.log(
    `boringssl-pki ${kind}: agree ${agreed} of ${names.length}, differ ${used.size} for a written reason, ` +
      `${without} without`,
  )
  return names.length > 0 && without === 0 && unused.length === 0
}

const crls = filesIn('crl_unittest')
const responses = filesIn('ocsp_unittest')
const ocspExpected = (name: string): Status => {
  const status = ocspStatuses[name]
  if (!status) throw new Error(`${name}: BoringSSL's status is not in expected.ts`)
  return status
}
const all = [
  await compare('crl', crls, crlStatus, crlExpected, crlDifferences),
  await compare('ocsp', responses, ocspStatus, ocspExpected, ocspDifferences),
]
/** One has a serial number that is no DER, and is not parsed. */
const asking = responses.filter((name) => name !== 'good_response_invalid_serial')
const same = asking.map(isSameRequest)
console.log(`boringssl-pki requests: agree ${same.filter(Boolean).length} of ${asking.length}`)
process.exitCode = all.every(Boolean) && same.every(Boolean) ? 0 : 1
