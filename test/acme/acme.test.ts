// puretls/acme against Pebble: issuing by each challenge, renewal, failure, rate limits, restart, several processes
// on one storage.

import { createServer as createHttp } from 'node:http'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Acme, AcmeError, createAcmeServer, folderStorage, memoryStorage } from '../../src/acme/index.ts'
import type { AcmeEvent, AcmeOptions, AcmeServer, AcmeTransport } from '../../src/acme/index.ts'
import { httpsTransport } from '../../src/acme/transport.ts'
import { connect } from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'
import { hasPebble, startPebble } from './pebble.ts'
import type { Pebble } from './pebble.ts'

const has = hasPebble()
const folders: string[] = []
const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'puretls-acme-'))
  folders.push(folder)
  return folder
}
const closers: (() => Promise<void>)[] = []
let pebble: Pebble

describe.runIf(has)('with Pebble', () => {
  beforeAll(async () => {
    pebble = await startPebble({ rejectNonces: 20 })
  })
  afterAll(async () => {
    for (const close of closers) await close()
    await pebble.stop()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })

  const options = (more: Partial<AcmeOptions> = {}): AcmeOptions => ({
    directoryUrl: pebble.directoryUrl,
    ca: pebble.ca,
    termsAgreed: true,
    email: 'admin@example.com',
    ...more,
  })
  let server: AcmeServer | undefined
  /** The one server on Pebble's port for TLS: answers challenges out of the storage it shares. */
  const serving = async (acme: AcmeOptions): Promise<AcmeServer> => {
    const made = createAcmeServer({ acme })
    const listener = await made.listen(pebble.tlsPort, '127.0.0.1', async (connection) => {
      await connection.close()
    })
    closers.push(() => listener.close())
    return made
  }
  const serial = async (name: string): Promise<string | undefined> => {
    const connection = await connect(`127.0.0.1:${pebble.tlsPort}`, { serverName: name, ca: await pebble.root() })
    await connection.close()
    return connection.info.verifiedChain[0]?.serialNumberHex
  }
  const storageFolder = scratch()
  const storage = folderStorage(storageFolder)
  const events: AcmeEvent[] = []

  it('issues by tls-alpn-01, which its own server answers', async () => {
    server = await serving(
      options({
        domains: ['one.example.com'],
        storage,
        onEvent: (event) => events.push(event),
        onDemand: (name) => name.endsWith('.demand.example'),
      }),
    )
    await server.acme.start()
    server.acme.stop()
    expect(events).toMatchObject([{ kind: 'issued', name: 'one.example.com' }])
    expect(await serial('one.example.com')).toMatch(/^[0-9a-f]+$/)
    const files = readdirSync(storageFolder, { recursive: true, encoding: 'utf8' })
      .map((file) => join(storageFolder, file))
      .filter((file) => statSync(file).isFile())
    expect(files.length).toBeGreaterThan(1)
    for (const file of files) expect(statSync(file).mode & 0o077, file).toBe(0)
    expect(files.some((file) => file.includes('challenges'))).toBe(false)
  })

  it('restarts with what is stored, without asking the CA', async () => {
    const before = await serial('one.example.com')
    const transport: AcmeTransport = () => Promise.reject(new Error('the CA was asked'))
    const again = new Acme(options({ domains: ['one.example.com'], storage: folderStorage(storageFolder), transport }))
    expect((await again.ensure('one.example.com')).leaf.serialNumberHex).toBe(before)
  })

  it('renews in time, and every process that shares the storage serves the new one', async () => {
    const before = await serial('one.example.com')
    const late = Date.now() + 80 * 86_400_000
    const other = new Acme(
      options({ domains: ['one.example.com'], storage: folderStorage(storageFolder), clock: () => late }),
    )
    const renewed = (await other.ensure('one.example.com')).leaf.serialNumberHex
    expect(renewed).not.toBe(before)
    await server?.acme.check()
    expect(await serial('one.example.com')).toBe(renewed)
  })

  it('asks the CA once, however many processes want the same name', async () => {
    let orders = 0
    const counted: AcmeTransport = (request) => {
      if (/order-plz|newOrder/i.test(request.url)) orders++
      return httpsTransport(pebble.ca)(request)
    }
    const many = Array.from(
      { length: 4 },
      () => new Acme(options({ storage: folderStorage(storageFolder), transport: counted, onDemand: () => true })),
    )
    const serials = await Promise.all(
      many.map(async (one) => (await one.ensure('shared.example.com')).leaf.serialNumberHex),
    )
    expect(new Set(serials).size).toBe(1)
    // A rejected nonce sends the order again.
    expect(orders).toBeGreaterThan(0)
    expect(readFileSync(join(storageFolder, 'certificates', 'shared.example.com'), 'utf8')).toContain('PRIVATE KEY')
  })

  it('gets certificates at the first handshake, by policy only', async () => {
    expect(await serial('a.demand.example')).toMatch(/^[0-9a-f]+$/)
    await expect(serial('b.other.example')).rejects.toMatchObject({ code: 'alert_received' })
    await expect(serial('localhost')).rejects.toMatchObject({ code: 'alert_received' })
  })

  it('refuses acme-tls/1 that nobody asked for', async () => {
    await expect(
      connect(`127.0.0.1:${pebble.tlsPort}`, {
        serverName: 'one.example.com',
        alpn: ['acme-tls/1'],
        ca: await pebble.root(),
      }),
    ).rejects.toMatchObject({ code: 'alert_received' })
  })

  it('issues by http-01', async () => {
    const own = new Acme(options({ domains: ['http.example.com'], challenge: 'http-01' }))
    const http = createHttp((request, response) => {
      void own
        .httpAnswer(request.url ?? '')
        .then((body) => response.writeHead(body === undefined ? 404 : 200).end(body))
    }).listen(pebble.httpPort, '127.0.0.1')
    expect((await own.ensure('http.example.com')).leaf.subjectAltNames).toMatchObject([
      { kind: 'dns', value: 'http.example.com' },
    ])
    http.close()
  })

  it('issues by dns-01 through a hook, wildcards too', async () => {
    const removed: string[] = []
    const challenge = {
      set: async (name: string, value: string) => void pebble.txt.set(name, value),
      remove: async (name: string) => {
        removed.push(name)
        pebble.txt.delete(name)
      },
    }
    const own = new Acme(options({ challenge }))
    expect((await own.ensure('*.dns.example.com')).leaf.subjectAltNames).toMatchObject([{ value: '*.dns.example.com' }])
    expect(removed).toEqual(['_acme-challenge.dns.example.com'])
    expect(pebble.txt.size).toBe(0)
  })

  it('waits after a failure, and says why it failed', async () => {
    const told: AcmeEvent[] = []
    let now = Date.now()
    const kept = memoryStorage()
    const own = new Acme(
      options({ challenge: 'http-01', storage: kept, onEvent: (event) => told.push(event), clock: () => now }),
    )
    await expect(own.ensure('nobody.example.com')).rejects.toThrow(
      /the CA did not accept that nobody\.example\.com is ours \(http-01\)/,
    )
    await expect(own.ensure('nobody.example.com')).rejects.toThrow(/the next one is at/)
    // Another process, or this one after a restart, waits as well.
    const again = new Acme(options({ challenge: 'http-01', storage: kept, clock: () => now }))
    await expect(again.ensure('nobody.example.com')).rejects.toThrow(/the next one is at/)
    expect(told).toMatchObject([{ kind: 'failed', retryAt: now + 60_000 }])
    now += 61_000
    await expect(own.ensure('nobody.example.com')).rejects.toBeInstanceOf(AcmeError)
    expect(told[1]).toMatchObject({ kind: 'failed', retryAt: now + 120_000 })
  })

  it('keeps to a rate limit, and serves the old certificate meanwhile', async () => {
    const now = Date.now() + 80 * 86_400_000
    const limited: AcmeTransport = async (request) => {
      const answer = await httpsTransport(pebble.ca)(request)
      if (!/order-plz/i.test(request.url)) return answer
      const problem = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many certificates' }
      return {
        status: 429,
        headers: { ...answer.headers, 'retry-after': new Date(now + 7 * 86_400_000).toUTCString() },
        body: Buffer.from(JSON.stringify(problem)),
      }
    }
    const told: AcmeEvent[] = []
    const before = await serial('one.example.com')
    const own = new Acme(
      options({
        storage: folderStorage(storageFolder),
        transport: limited,
        clock: () => now - 1000,
        renewAtFraction: 1,
        onEvent: (event) => told.push(event),
      }),
    )
    expect((await own.ensure('one.example.com')).leaf.serialNumberHex).toBe(before)
    expect(told).toMatchObject([{ kind: 'failed', error: { type: 'rateLimited', status: 429 } }])
    expect(told[0]?.kind === 'failed' && told[0].retryAt).toBeGreaterThan(now + 6 * 86_400_000)
  })

  it('tells what the CA refuses', async () => {
    const own = new Acme(options({ challenge: 'http-01' }))
    await expect(own.ensure('blocked.example')).rejects.toMatchObject({ type: 'rejectedIdentifier' })
  })
})

it('says so when pebble is missing', ({ skip }) => {
  if (!has) skip('pebble is not on this machine')
})

describe('without a CA', () => {
  it('is clear about servers that do not speak ACME', async () => {
    const acme = (transport: AcmeTransport): Acme => new Acme({ termsAgreed: true, transport, domains: ['x.example'] })
    const answer =
      (status: number, text: string): AcmeTransport =>
      async () => ({ status, headers: {}, body: Buffer.from(text) })
    await expect(acme(answer(404, 'no')).ensure('x.example')).rejects.toThrow(/it is no ACME directory/)
    await expect(acme(answer(200, '<html>')).ensure('x.example')).rejects.toThrow(/it is not JSON/)
    await expect(acme(answer(200, '{}')).ensure('x.example')).rejects.toThrow(/the directory lacks addresses/)
    await expect(
      new Acme({ termsAgreed: true, directoryUrl: 'https://127.0.0.1:1/dir' }).ensure('x.example'),
    ).rejects.toMatchObject({ code: 'transport_failed' })
    expect(() => new Acme({ termsAgreed: false })).toThrow(/agreement/)
  })

  it('staples what the responder says', async () => {
    const ca = await createCa({ name: 'Stapling CA' })
    const responder = createHttp((_, response) => {
      void ca
        .createOcspResponse({ answers: [{ certificate: leaf.certificate, status: 'good' }] } as never)
        .then((der) => response.end(der))
    }).listen(0, '127.0.0.1')
    await new Promise((done) => responder.once('listening', done))
    const { port } = responder.address() as { port: number }
    const leaf = await ca.issue({ names: ['staple.example'], ocspUrls: [`http://127.0.0.1:${port}/`] })
    const kept = memoryStorage()
    await kept.write('certificates/staple.example', leaf.certificatePem + ca.certificatePem + leaf.privateKeyPem)
    const told: AcmeEvent[] = []
    const identity = await new Acme({ termsAgreed: true, storage: kept, onEvent: (event) => told.push(event) }).ensure(
      'staple.example',
    )
    expect(identity.ocspResponse).toBeInstanceOf(Uint8Array)
    expect(told).toMatchObject([{ kind: 'stapled' }])
    responder.close()
  })
})
