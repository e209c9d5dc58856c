// OCSP responses for a server's own certificate (RFC 6960), for stapling: got from the responder that the certificate
// names, taken only if they are about it and good, and got again when half of their time is over.

import { nodeProvider } from '../crypto/node.ts'
import type { Certificate } from '../x509/certificate.ts'
import { accessMethods } from '../x509/oids.ts'
import { createOcspRequest, isAbout, parseOcspResponse } from '../x509/ocsp.ts'
import { issuerOf } from '../x509/path-pairs.ts'

export interface Staple {
  /** DER; undefined if there is none to be had now. */
  readonly response: Uint8Array | undefined
  /** Milliseconds since the epoch: when to ask again. */
  readonly refreshAt: number
}

const TIMEOUT = 10_000
const RETRY = 3_600_000
const MAX_RESPONSE = 65_536

/** Undefined for a certificate that names no responder. Never rejects: a server without a staple is better than
 * none. */
export const stapleFor = async ([leaf, issuer]: readonly Certificate[], now: number): Promise<Staple | undefined> => {
  const url = leaf?.authorityInfoAccess?.find(({ method }) => method === accessMethods.ocsp)?.location.value
  if (leaf === undefined || issuer === undefined || typeof url !== 'string') return undefined
  try {
    const pair = { certificate: leaf, issuer: issuerOf(issuer) }
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request' },
      body: new Uint8Array(createOcspRequest(pair, nodeProvider)),
      signal: AbortSignal.timeout(TIMEOUT),
    })
    const response = new Uint8Array(await answer.arrayBuffer())
    const parsed = answer.ok && response.length <= MAX_RESPONSE ? parseOcspResponse(response) : undefined
    const found =
      parsed?.status === 'successful' ? parsed.basic.answers.find((one) => isAbout(one, pair, nodeProvider)) : undefined
    if (found?.status !== 'good' || found.nextUpdate === undefined || found.nextUpdate <= now)
      return { response: undefined, refreshAt: now + RETRY }
    return { response, refreshAt: now + (found.nextUpdate - now) / 2 }
  } catch {
    return { response: undefined, refreshAt: now + RETRY }
  }
}
