// The servers that tlsfuzzer's scripts talk to: our default server with an RSA and an ECDSA certificate, and others
// that differ in what a script needs. Each answers an HTTP request with a short page, as the scripts expect. run.ts
// starts them.

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  createServer,
  type IdentityOptions,
  type ServerOptions,
  type TlsConnection,
  type TlsListener,
} from '../../../src/index.node.ts'
import type { Ca, KeyKind } from '../../../src/pki/index.ts'
import type { ServerSessionStore } from '../../../src/session/index.ts'
import { parseCertificate } from '../../../src/x509/index.ts'
import type { CertificateVerifier } from '../../../src/x509/verifier.ts'

export type ServerKind =
  | 'default'
  | 'legacy'
  | 'groups'
  | 'groupsLegacy'
  | 'alpn'
  | 'ccm'
  | 'sessions'
  | 'tls12'
  | 'echo'
  | 'clientAuth'
  | 'clientAuthLegacy'
  | 'psk'
  | 'rsaPss'
  | 'ed25519'
  | 'ecdsa'

const names = ['localhost']

/** The scripts test the protocol with certificates that they made: every one is believed. */
const believing: CertificateVerifier = {
  fingerprint: 'tlsfuzzer',
  verify: ({ chain }) => {
    const certificates = chain.map((der) => parseCertificate(der))
    const [leaf] = certificates
    if (leaf === undefined) throw new Error('no certificate')
    return { leaf, chain: certificates }
  },
}

const pskOptions: ServerOptions['psk'] = {
  lookup: (identity) =>
    new TextDecoder().decode(identity) === 'test'
      ? { key: Buffer.from('11223344556677889900112233445566', 'hex') }
      : undefined,
}

export const startServer = async (ca: Ca, kind: ServerKind): Promise<TlsListener> => {
  const { options, serve } = await serverOf(ca, kind)
  const server = createServer(options)
  return server.listen(0, '127.0.0.1', serve)
}

const serverOf = async (
  ca: Ca,
  kind: ServerKind,
): Promise<{ readonly options: ServerOptions; readonly serve: Serve }> => {
  switch (kind) {
    case 'legacy':
      return { options: { ...(await usual(ca)), tls12: { legacy: true } }, serve: answer }
    case 'groups':
      return { options: { ...(await usual(ca)), groups: everyGroup }, serve: answer }
    case 'groupsLegacy':
      return { options: { ...(await usual(ca)), groups: everyGroup, tls12: { legacy: true } }, serve: answer }
    case 'alpn':
      return {
        options: { ...(await usual(ca)), tls12: { legacy: true }, alpn: ['http/1.1', 'h2'], sessions: sessionStore() },
        serve: answer,
      }
    case 'ccm':
      return { options: { ...(await usual(ca)), cipherSuites: suites13 }, serve: answer }
    case 'sessions':
      return { options: { ...(await usual(ca)), ...keeping }, serve: answer }
    case 'tls12':
      return {
        options: { ...(await usual(ca)), tls12: { legacy: true }, versions: { min: 'TLS 1.2', max: 'TLS 1.2' } },
        serve: answer,
      }
    case 'echo':
      return { options: await usual(ca), serve: echo }
    case 'clientAuth':
      return { options: { ...(await usual(ca)), clientAuth: { mode: 'request', verifier: believing } }, serve: answer }
    case 'clientAuthLegacy':
      return {
        options: {
          ...(await usual(ca)),
          clientAuth: { mode: 'request', verifier: believing },
          tls12: { legacy: true },
        },
        serve: answer,
      }
    case 'psk':
      return { options: { psk: pskOptions }, serve: answer }
    case 'rsaPss':
      return {
        options: { identity: await issueAll(ca, [generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey]) },
        serve: answer,
      }
    case 'ed25519':
      return { options: { identity: await issueAll(ca, ['ed25519']) }, serve: answer }
    case 'ecdsa':
      return { options: { identity: await issueAll(ca, ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521']) }, serve: answer }
    default:
      return { options: await usual(ca), serve: answer }
  }
}

const sessionStore = (): ServerSessionStore => {
  const kept = new Map<string, Uint8Array>()
  return {
    get: (id) => kept.get(Buffer.from(id).toString('hex')),
    set: (id, session) => void kept.set(Buffer.from(id).toString('hex'), session),
  }
}

/** Scripts without the extended master secret resume too. */
const keeping = {
  tls12: { legacy: true },
  sessions: sessionStore(),
  resumption: { withoutExtendedMasterSecret: true },
} as const

/** All of TLS 1.3: CCM is off unless it is named. */
const suites13 = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
] as const

/** With those that are off unless they are named. */
const everyGroup = [
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
  'X25519',
  'P-256',
  'P-384',
  'P-521',
  'X448',
] as const

type Serve = (connection: TlsConnection) => Promise<void>

const issueAll = (ca: Ca, kinds: readonly (KeyKind | KeyObject)[]): Promise<readonly IdentityOptions[]> =>
  Promise.all(
    kinds.map(async (kind) => {
      const { chainPem, privateKeyPem } = await ca.issue({ names, key: kind })
      return { cert: chainPem, key: privateKeyPem }
    }),
  )

const usual = async (ca: Ca): Promise<ServerOptions> => ({ identity: await issueAll(ca, ['rsa-2048', 'ecdsa-p256']) })

const page = new TextEncoder().encode(`HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n`.padEnd(1024, '.'))

/** One page for a request, whatever it says; then what the client does is waited for. */
const answer: Serve = async (connection) => {
  let request = ''
  const decoder = new TextDecoder('latin1')
  for await (const data of connection) {
    request += decoder.decode(data, { stream: true })
    if (!request.includes('\r\n\r\n') && !request.includes('\n\n')) continue
    request = ''
    await connection.write(page)
  }
  await connection.close()
}

const echo: Serve = async (connection) => {
  for await (const data of connection) await connection.write(data)
  await connection.close()
}
