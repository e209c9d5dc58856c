// Pebble, the ACME server of Let's Encrypt for tests, with a DNS server that sends every name to 127.0.0.1. It is
// found on PATH (or where PEBBLE says); .ci/run builds it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCa } from '../../src/pki/index.ts'
import { Child, freePort } from '../interop/process.ts'

const command = process.env['PEBBLE'] ?? 'pebble'

export const hasPebble = (): boolean => {
  try {
    execFileSync(command, ['-version'], { stdio: 'ignore' })
    return true
  } catch (error) {
    const isThere = !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
    if (!isThere && process.env['CI'] === 'true')
      throw new Error('CI needs pebble (go install github.com/letsencrypt/pebble/v2/cmd/pebble)', { cause: error })
    return isThere
  }
}

export interface Pebble {
  readonly directoryUrl: string
  /** PEM: of its own TLS. */
  readonly ca: string
  /** PEM: what its certificates are issued under. */
  readonly root: () => Promise<string>
  readonly tlsPort: number
  readonly httpPort: number
  /** TXT records by name. */
  readonly txt: Map<string, string>
  stop(): Promise<void>
}

/** What a DNS server says: A, and TXT out of `txt`, for every name; everything else is empty. */
const answerTo = (message: Buffer, txt: ReadonlyMap<string, string>): Buffer => {
  let at = 12
  const labels: string[] = []
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.subarray(at + 1, at + 1 + length).toString())
    at += 1 + length
  }
  const type = message.readUInt16BE(at + 1)
  const text = txt.get(labels.join('.').toLowerCase())
  const record = Buffer.from([text?.length ?? 0, ...Buffer.from(text ?? '')])
  const data = type === 1 ? Buffer.from([127, 0, 0, 1]) : type === 16 && text !== undefined ? record : undefined
  const count = data === undefined ? 0 : 1
  const header = Buffer.from([message[0] ?? 0, message[1] ?? 0, 0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0])
  const answer = data === undefined ? [] : [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length, ...data]
  return Buffer.concat([header, message.subarray(12, at + 5), Buffer.from(answer)])
}

/** Over TCP, by which Pebble asks. */
const dnsServer = (txt: ReadonlyMap<string, string>): Promise<{ readonly port: number; close(): void }> =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      let bytes = Buffer.alloc(0)
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk])
        while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
          const length = bytes.readUInt16BE(0)
          const answer = answerTo(bytes.subarray(2, 2 + length), txt)
          bytes = bytes.subarray(2 + length)
          socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 0xff]), answer]))
        }
      })
    }).listen(0, '127.0.0.1', () =>
      resolve({ port: (server.address() as AddressInfo).port, close: () => void server.close() }),
    )
    server.unref()
  })

export const startPebble = async (
  options: { readonly rejectNonces?: number; readonly validitySeconds?: number } = {},
): Promise<Pebble> => {
  const folder = mkdtempSync(join(tmpdir(), 'puretls-pebble-'))
  const authority = await createCa({ name: 'Pebble HTTPS' })
  const own = await authority.issue({ names: ['localhost', '127.0.0.1'] })
  writeFileSync(join(folder, 'cert.pem'), own.chainPem)
  writeFileSync(join(folder, 'key.pem'), own.privateKeyPem)
  const [port, managementPort, tlsPort, httpPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const txt = new Map<string, string>()
  const dns = await dnsServer(txt)
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: join(folder, 'cert.pem'),
    privateKey: join(folder, 'key.pem'),
    httpPort,
    tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
    domainBlocklist: ['blocked.example'],
    retryAfter: { authz: 1, order: 1 },
    profiles: { default: { description: 'test', validityPeriod: options.validitySeconds ?? 7_776_000 } },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ pebble }))
  const child = new Child(
    command,
    ['-config', join(folder, 'config.json'), '-strict', '-dnsserver', `127.0.0.1:${dns.port}`],
    {
      env: {
        PEBBLE_VA_NOSLEEP: '1',
        PEBBLE_WFE_NONCEREJECT: String(options.rejectNonces ?? 5),
        PEBBLE_AUTHZREUSE: '0',
      },
    },
  )
  await child.waitFor(/ACME directory available/)
  return {
    directoryUrl: `https://127.0.0.1:${port}/dir`,
    ca: authority.certificatePem,
    root: async () => {
      const { request } = await import('node:https')
      return new Promise((resolve, reject) => {
        request(`https://127.0.0.1:${managementPort}/roots/0`, { ca: authority.certificatePem }, (answer) => {
          let text = ''
          answer
            .on('data', (chunk: Buffer) => {
              text += chunk.toString()
            })
            .on('end', () => resolve(text))
        })
          .on('error', reject)
          .end()
      })
    },
    tlsPort,
    httpPort,
    txt,
    stop: async () => {
      await child.stop()
      dns.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
