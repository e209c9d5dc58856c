// Requests for a client certificate after the handshake that wait for their answers, in order (RFC 9846 section 4.7.2).

import type { TlsError } from '../errors.ts'
import { defer } from './defer.ts'
import type { Deferred } from './defer.ts'
import type { ClientCertificate } from './options.ts'

export class CertificateRequests {
  #asked: Deferred<ClientCertificate>[] = []

  /** `ask` resolves when the request has left; the answer is for the caller. */
  ask(ask: () => Promise<void>): Promise<ClientCertificate> {
    const answer = defer<ClientCertificate>()
    this.#asked.push(answer)
    ask().catch((reason: unknown) => {
      this.#asked = this.#asked.filter((asked) => asked !== answer)
      answer.reject(reason)
    })
    return answer.promise
  }

  answered(certificate: ClientCertificate): void {
    this.#asked.shift()?.resolve(certificate)
  }

  /** No answer will come. */
  end(error: TlsError): void {
    for (const asked of this.#asked) asked.reject(error)
  }
}
