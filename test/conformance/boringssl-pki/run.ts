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
const blocksOf = (folder: string, file: string): ReadonlyMap<string, Uint8Array> => {
  const text = readFileSync(join(checkout, 'pki/testdata', folder, file), 'latin1')
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

const crlStatus = (file: string): Promise<readonly [Status, string]> => {
  const blocks = blocksOf('crl_unittest', file)
  const [crl, cert, ca] = ['CRL', 'CERTIFICATE', 'CA CERTIFICATE'].map((label) => blockOf(blocks, label))
  const other = blocks.get('CA CERTIFICATE 2')
  if (!crl || !cert || !ca) throw new Error(file)
  const authorities = other ? [ca, other] : [ca]
  return statusOf(cert, authorities, Date.UTC(2017, 2, 9), () =>
    crlCheck({ crls: crl, depth: 'leaf', allowSha1: true, maxAge: WEEK, skew: 0, signers: authorities }),
  )
}

const ocspStatus = (file: string): Promise<readonly [Status, string]> => {
  const blocks = blocksOf('ocsp_unittest', file)
  const [response, cert, ca] = ['OCSP RESPONSE', 'CERTIFICATE', 'CA CERTIFICATE'].map((label) => blockOf(blocks, label))
  if (!response || !cert || !ca) throw new Error(file)
  return statusOf(cert, [ca], Date.UTC(2017, 2, 5), () =>
    ocspCheck({ responses: [response], mode: 'hard', allowSha1: true, maxAge: WEEK, skew: 0, mustStaple: false }),
  )
}

/** Whether the request for a certificate is BoringSSL's, byte for byte. */
const isSameRequest = (file: string): boolean => {
  const blocks = blocksOf('ocsp_unittest', file)
  const certificate = parseCertificate(blockOf(blocks, 'CERTIFICATE'))
  const issuer = issuerOf(parseCertificate(blockOf(blocks, 'CA CERTIFICATE')))
  const request = createOcspRequest({ certificate, issuer }, nodeProvider)
  return Buffer.from(request).equals(blockOf(blocks, 'OCSP REQUEST'))
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(checkout, 'pki/testdata', folder)).filter((file) => file.endsWith('.pem'))

const crlExpected = (file: string): Status =>
  file.startsWith('good') ? 'good' : file.startsWith('revoked') ? 'revoked' : 'unknown'

const compare = async (
  name: string,
  files: readonly string[],
  ask: (file: string) => Promise<readonly [Status, string]>,
  expected: (file: string) => Status,
  reasons: Readonly<Record<string, readonly [Status, string]>>,
): Promise<boolean> => {
  let [agreed, reasoned] = [0, 0]
  const used = new Set<string>()
  for (const file of files) {
    const [status, message] = await ask(file)
    if (status === expected(file)) {
      agreed++
      continue
    }
    const reason = reasons[file.replace('.pem', '')]
    if (reason?.[0] === status) {
      reasoned++
      used.add(file.replace('.pem', ''))
    }
    const why = reason?.[0] === status ? reason[1] : 'NO REASON'
    console.log(`${file}: ${status}, BoringSSL ${expected(file)}: ${why}${message === '' ? '' : ` (${message})`}`)
  }
  for (const left of Object.keys(reasons).filter((one) => !used.has(one))) console.log(`${left}: a reason without use`)
  const without = files.length - agreed - reasoned
  console.log(
    `boringssl-pki ${name}: agree ${agreed} of ${files.length}, differ ${reasoned} for a written reason, ` +
      `${without} without`,
  )
  return files.length > 0 && without === 0 && used.size === Object.keys(reasons).length
}

const crls = filesIn('crl_unittest')
const responses = filesIn('ocsp_unittest')
const ocspExpected = (file: string): Status => {
  const status = ocspStatuses[file.replace('.pem', '')]
  if (!status) throw new Error(`${file}: BoringSSL's status is not in expected.ts`)
  return status
}
const all = [
  await compare('crl', crls, crlStatus, crlExpected, crlDifferences),
  await compare('ocsp', responses, ocspStatus, ocspExpected, ocspDifferences),
]
/** One has a serial number that is no DER, and is not parsed. */
const asking = responses.filter((file) => file !== 'good_response_invalid_serial.pem')
const same = asking.map(isSameRequest)
console.log(`boringssl-pki requests: agree ${same.filter(Boolean).length} of ${asking.length}`)
process.exitCode = all.every(Boolean) && same.every(Boolean) ? 0 : 1
