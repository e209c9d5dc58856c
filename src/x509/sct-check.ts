// Certificate transparency: timestamps of a leaf checked against a list of logs that the caller gives, and a policy for
// how many are enough (RFC 6962 section 5.2). A PathCheck for the `checks` option of the verifier.

import { checkOptions } from '../checked-options.ts'
import { parsePublicKey } from '../crypto/keys.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider, PublicKey, SignatureAlgorithm } from '../crypto/provider.ts'
import { use } from '../crypto/maybe.ts'
import { sha256From } from '../crypto/sha256.ts'
import { TlsError } from '../errors.ts'
import { toHex } from '../wire/bytes.ts'
import { DerReader } from '../wire/der.ts'
import { hashAlgorithms, signatureAlgorithms } from '../wire/numbers.ts'
import { decodeBase64 } from '../wire/pem.ts'
import type { Certificate } from './certificate.ts'
import { parseOcspResponse } from './ocsp.ts'
import { withFingerprint } from './fingerprint.ts'
import type { PathCheck, PathCheckRequest } from './options.ts'
import { pathPairs } from './path-pairs.ts'
import type { PathPair } from './path-pairs.ts'
import { describe, reject } from './rejection.ts'
import { parseSct, sctSignedData, splitSctList } from './sct.ts'
import type { Sct, SctEntry } from './sct.ts'

export interface CtLog {
  readonly name: string
  readonly operator: string
  /** SubjectPublicKeyInfo, DER. */
  readonly key: Uint8Array
  /** Milliseconds since the epoch: timestamps from then on do not count. */
  readonly retiredAt?: number
}

/** Where a timestamp came from. */
export type SctSource = 'certificate' | 'tls' | 'ocsp'

export interface ValidSct {
  readonly sct: Sct
  readonly log: CtLog
  readonly source: SctSource
}

export interface SctCheckOptions {
  readonly logs: readonly CtLog[]
  /** Says why the valid timestamps are not enough, or undefined. Default: `defaultSctPolicy`. */
  readonly policy?: (valid: readonly ValidSct[], certificate: Certificate) => string | undefined
}

/** Throws a CertificateError with reason `refused` where the policy is not met. Timestamps of logs that are not
 * listed, and ones that are not valid, do not count; one that can't be parsed is refused. */
export const sctCheck = (options: SctCheckOptions): PathCheck => {
  checkOptions(options, { logs: 'list', policy: 'function' }, { required: ['logs'] })
  const policy = options.policy ?? defaultSctPolicy
  return withFingerprint(
    function* (request: PathCheckRequest) {
      const [pair] = pathPairs(request, 'leaf')
      if (pair === undefined) return
      const { valid, problems } = yield* validScts(request, pair, options.logs)
      const lacking = policy(valid, pair.certificate)
      if (lacking === undefined) return
      const why = problems.length === 0 ? '' : ` (${problems.join('; ')})`
      reject(
        'refused',
        `${describe(pair.certificate)} is not in enough certificate transparency logs: ${lacking}${why}`,
        pair.certificate,
      )
    },
    'sct',
    options,
  )
}

/** What browsers ask for: two timestamps, three in certificates valid for more than 180 days; two operators. */
export const defaultSctPolicy = (
  valid: readonly ValidSct[],
  { notBefore, notAfter }: Certificate,
): string | undefined => {
  const embedded = valid.some(({ source }) => source === 'certificate')
  const wanted = embedded && notAfter - notBefore > 180 * 86_400_000 ? 3 : 2
  const logs = new Set(valid.map(({ log }) => log))
  const operators = new Set(valid.map(({ log }) => log.operator))
  if (logs.size < wanted) return `${logs.size} valid timestamps of different logs, where ${wanted} are needed`
  return operators.size < 2 ? 'all timestamps are of one operator' : undefined
}

/** Logs of a list in the format of Google's log_list.json, version 3. Pending and rejected ones are left out. Throws
 * TlsError `bad_option` if it has none. */
export const ctLogsFromJson = (json: string): CtLog[] => {
  const list = parseJson(json)
  const logs = fieldsOf(list, 'operators').flatMap((operator) =>
    [...fieldsOf(operator, 'logs'), ...fieldsOf(operator, 'tiled_logs')].flatMap((log) =>
      readLog(log, textOf(operator, 'name')),
    ),
  )
  if (logs.length === 0) {
    throw new TlsError('bad_option', 'there is no log in this list; it has to be a log_list.json of version 3')
  }
  return logs
}

const parseJson = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new TlsError('bad_option', 'the log list is not JSON', { cause })
  }
}

const readLog = (log: unknown, operator: string): CtLog[] => {
  const key = decodeBase64(textOf(log, 'key'))
  const state = fieldOf(log, 'state')
  if (
    key === undefined ||
    key.length === 0 ||
    fieldOf(state, 'pending') !== undefined ||
    fieldOf(state, 'rejected') !== undefined
  ) {
    return []
  }
  const retired = Date.parse(textOf(fieldOf(state, 'retired'), 'timestamp'))
  return [{ name: textOf(log, 'description'), operator, key, ...(Number.isNaN(retired) ? {} : { retiredAt: retired }) }]
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined
const fieldsOf = (value: unknown, name: string): readonly unknown[] => {
  const field = fieldOf(value, name)
  return Array.isArray(field) ? field : []
}
const textOf = (value: unknown, name: string): string => {
  const field = fieldOf(value, name)
  return typeof field === 'string' ? field : ''
}

interface Found {
  readonly sct: Sct
  readonly entry: SctEntry
  readonly source: SctSource
}

const ocspSctList = '1.3.6.1.4.1.11129.2.4.5'

/** Section 3.3: in the certificate (for its precertificate), in the TLS extension, in the OCSP response. */
const foundScts = ({ scts, ocspResponse }: PathCheckRequest, { certificate }: PathPair): Found[] => {
  const read = (list: readonly Uint8Array[], entry: SctEntry, source: SctSource): Found[] =>
    list.flatMap((bytes) => {
      const sct = parseSct(bytes)
      return sct === undefined ? [] : [{ sct, entry, source }]
    })
  const embedded = certificate.sctList === undefined ? [] : splitSctList(certificate.sctList)
  const stapled = ocspResponse === undefined ? [] : inOcsp(ocspResponse, certificate)
  return [
    ...read(embedded, 'precert', 'certificate'),
    ...read(scts ?? [], 'x509', 'tls'),
    ...read(stapled, 'x509', 'ocsp'),
  ]
}

const inOcsp = (der: Uint8Array, { serialNumber }: Certificate): readonly Uint8Array[] => {
  const response = parseOcspResponse(der)
  if (response.status !== 'successful') return []
  const answer = response.basic.answers.find(({ certId }) => toHex(certId.serialNumber) === toHex(serialNumber))
  const extension = answer?.extensions.find(({ oid }) => oid === ocspSctList)
  if (extension === undefined) return []
  const reader = new DerReader(extension.value, 'bad_certificate_status', 'SCT list of the OCSP response')
  const list = reader.octetString('SCT list')
  reader.end()
  return splitSctList(list)
}

interface Verdict {
  readonly valid: readonly ValidSct[]
  readonly problems: readonly string[]
}

function* validScts(request: PathCheckRequest, pair: PathPair, logs: readonly CtLog[]): Steps<Verdict> {
  const { provider, time } = request
  const sha256 = sha256From(provider)
  const byId = new Map(logs.map((log) => [toHex(sha256.digest(log.key)), log]))
  const valid: ValidSct[] = []
  const problems: string[] = []
  for (const { sct, entry, source } of foundScts(request, pair)) {
    const log = byId.get(toHex(sct.logId))
    const problem =
      log === undefined
        ? 'one is of a log that is not listed'
        : yield* whyNotValid(sct, entry, log, pair, provider, time)
    if (problem !== undefined) problems.push(problem)
    else if (log !== undefined) valid.push({ sct, log, source })
  }
  return { valid, problems }
}

function* whyNotValid(
  sct: Sct,
  entry: SctEntry,
  log: CtLog,
  { certificate, issuer }: PathPair,
  provider: CryptoProvider,
  time: number,
): Steps<string | undefined> {
  if (sct.timestamp > time) return `one of ${log.name} is from the future`
  if (log.retiredAt !== undefined && sct.timestamp >= log.retiredAt) {
    return `one of ${log.name} is from after its retirement`
  }
  const key = logKey(log)
  const algorithm = sctAlgorithm(sct, key)
  const verifier = provider.verifiers.find((one) => one.algorithm === algorithm)
  if (verifier === undefined) return `one of ${log.name} is signed with an algorithm that is not accepted`
  const message = sctSignedData(sct, entry, certificate, issuer.spki, provider)
  return (yield* use(verifier.verify(key, message, sct.signature))) === true
    ? undefined
    : `the signature of one of ${log.name} is wrong`
}

const logKeys = new WeakMap<CtLog, PublicKey>()
const logKey = (log: CtLog): PublicKey => {
  const key = logKeys.get(log) ?? parsePublicKey(log.key)
  logKeys.set(log, key)
  return key
}

/** Section 2.1.4: SHA-256 with ECDSA on P-256 or with RSA, and nothing else. */
const sctAlgorithm = (sct: Sct, key: PublicKey): SignatureAlgorithm | undefined => {
  if (sct.hashAlgorithm !== hashAlgorithms.sha256) return undefined
  if (sct.signatureAlgorithm === signatureAlgorithms.ecdsa && key.type === 'p256') return 'ecdsa_sha256'
  return sct.signatureAlgorithm === signatureAlgorithms.rsa && key.type === 'rsa' ? 'rsa_pkcs1_sha256' : undefined
}
