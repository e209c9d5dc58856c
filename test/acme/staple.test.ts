// Which OCSP responses a server takes for its own certificate, and when it asks again (RFC 6960 section 3.2).

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stapleFor } from '../../src/acme/staple.ts'
import { createCa } from '../../src/pki/index.ts'
import type { Ca } from '../../src/pki/index.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import type { Certificate } from '../../src/x509/certificate.ts'

const HOUR = 3_600_000
const now = Date.UTC(2030, 0, 1)
const clock = (): number => now

let answer: { readonly status?: number; readonly body: Uint8Array } = { body: new Uint8Array(0) }
const requests: { method: string | undefined; type: string | undefined }[] = []
const responder = createServer((request, response) => {
  requests.push({ method: request.method, type: request.headers['content-type'] })
  response.statusCode = answer.status ?? 200
  response.end(answer.body)
})

let ca: Ca
/** Leaf and issuer, parsed; their DER is what the CA answers for. */
let chain: readonly Certificate[]
let leaf: Uint8Array
let other: Uint8Array
const parsed = (...ders: readonly Uint8Array[]): readonly Certificate[] => ders.map((der) => parseCertificate(der))
beforeAll(async () => {
  await new Promise<void>((resolve) => responder.listen(0, '127.0.0.1', resolve))
  const { port } = responder.address() as AddressInfo
  ca = await createCa({ name: 'Stapling CA', clock })
  const options = { clock, ocspUrls: [`http://127.0.0.1:${port}/`] }
  leaf = (await ca.issue({ names: ['staple.example'], ...options })).certificate
  chain = parsed(leaf, ca.certificate)
  other = (await ca.issue({ names: ['other.example'], ...options })).certificate
})
afterAll(() => responder.close())

type Answers = Parameters<Ca['createOcspResponse']>[0]
const about = (certificate: Uint8Array, more: Partial<Answers> = {}): Promise<Uint8Array> =>
  ca.createOcspResponse({ clock, answers: [{ certificate }], ...more })
const none = { response: undefined, refreshAt: now + HOUR }

describe('a response', () => {
  it('that is good is stapled, and asked for again when half of its time is over', async () => {
    answer = { body: await about(leaf, { nextUpdate: now + 10 * HOUR }) }
    expect(await stapleFor(chain, now)).toEqual({ response: answer.body, refreshAt: now + 5 * HOUR })
    expect(requests.at(-1)).toEqual({ method: 'POST', type: 'application/ocsp-request' })
  })

  it('that is about several certificates is stapled too', async () => {
    answer = {
      body: await about(other, { answers: [{ certificate: other, status: 'revoked' }, { certificate: leaf }] }),
    }
    expect((await stapleFor(chain, now))?.response).toEqual(answer.body)
  })

  it('is not stapled unless it says good, now and of this certificate; the next try is in an hour', async () => {
    const bodies: Record<string, Uint8Array> = {
      revoked: await about(leaf, { answers: [{ certificate: leaf, status: 'revoked' }] }),
      unknown: await about(leaf, { answers: [{ certificate: leaf, status: 'unknown' }] }),
      'about another certificate': await about(other),
      'without nextUpdate': await about(leaf, { nextUpdate: null }),
      'over at this moment': await about(leaf, { thisUpdate: now - HOUR, nextUpdate: now }),
      // OCSPResponse { responseStatus tryLater }
      'no answer at all': Uint8Array.of(0x30, 3, 0x0a, 1, 3),
      'not DER': Uint8Array.of(1, 2, 3),
    }
    for (const [what, body] of Object.entries(bodies)) {
      answer = { body }
      expect(await stapleFor(chain, now), what).toEqual(none)
    }
    const good = await about(leaf)
    answer = { body: good, status: 500 }
    expect(await stapleFor(chain, now), 'status 500').toEqual(none)
  })

  it('of more than 65,536 bytes is not read', async () => {
    const padded = async (length: number): Promise<Uint8Array> => {
      const extensions = [{ oid: '1.2.3', critical: false, value: new Uint8Array(length) }]
      return about(leaf, { extensions: extensions as never })
    }
    // A signature has 70 to 72 bytes, so it is made until the length is right.
    const ofLength = async (length: number): Promise<Uint8Array> => {
      let guess = length - ((await padded(60_000)).length - 60_000)
      for (;;) {
        const body = await padded(guess)
        if (body.length === length) return body
        guess += Math.sign(length - body.length)
      }
    }
    answer = { body: await ofLength(65_536) }
    expect((await stapleFor(chain, now))?.response).toEqual(answer.body)
    answer = { body: await ofLength(65_537) }
    expect(await stapleFor(chain, now)).toEqual(none)
  })
})

it('a responder that cannot be reached is asked again in an hour', async () => {
  const issued = await ca.issue({ names: ['staple.example'], clock, ocspUrls: ['http://127.0.0.1:1/'] })
  expect(await stapleFor(parsed(issued.certificate, ca.certificate), now)).toEqual(none)
})

it('nobody is asked without a responder or without the issuer', async () => {
  const plain = await ca.issue({ names: ['staple.example'], clock })
  const before = requests.length
  expect(await stapleFor(parsed(plain.certificate, ca.certificate), now)).toBeUndefined()
  expect(await stapleFor(chain.slice(0, 1), now)).toBeUndefined()
  expect(await stapleFor([], now)).toBeUndefined()
  expect(requests).toHaveLength(before)
})
