// HTTPS to an ACME server: bounded in time and size, and with CAs of one's own where a test server has them.

import { request } from 'node:https'
import { TlsError } from '../errors.ts'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: string
  readonly body?: string | Uint8Array
  readonly contentType?: string
}

/** Makes one request. Throws TlsError `transport_failed` or `timeout`. */
export type AcmeTransport = (request: HttpRequest) => Promise<HttpAnswer>

const MAX_BODY = 1_048_576
const TIMEOUT = 30_000

/**
 * Requests over this library's own TLS, at most 30 s each, with answers of at most 1 MiB. `ca`: PEM of the authorities;
 * default: the machine's.
 */
export const httpsTransport =
  (ca?: string | Uint8Array): AcmeTransport =>
  ({ method, url, body, contentType }) =>
    new Promise((resolve, reject) => {
      const failed = (cause: unknown): void => {
        const why = cause instanceof Error ? cause.message : String(cause)
        reject(
          cause instanceof TlsError
            ? cause
            : new TlsError('transport_failed', `${new URL(url).origin} cannot be reached: ${why}`, { cause }),
        )
      }
      const headers = { 'user-agent': 'puretls', ...(contentType === undefined ? {} : { 'content-type': contentType }) }
      const call = request(url, { method, headers, ...(ca === undefined ? {} : { ca: Buffer.from(ca) }) }, (answer) => {
        const chunks: Buffer[] = []
        let length = 0
        answer.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > MAX_BODY)
            call.destroy(new TlsError('transport_failed', `${url}: the answer is longer than 1 MiB`))
          else chunks.push(chunk)
        })
        answer.on('error', failed)
        answer.on('end', () => {
          const flat = Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(', ') : value,
            ]),
          )
          resolve({ status: answer.statusCode ?? 0, headers: flat, body: new Uint8Array(Buffer.concat(chunks)) })
        })
      })
      call.setTimeout(TIMEOUT, () =>
        call.destroy(new TlsError('timeout', `${url} did not answer within ${TIMEOUT / 1000} s`)),
      )
      call.on('error', failed)
      call.end(body)
    })
