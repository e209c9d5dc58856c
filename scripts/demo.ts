// `npm run demo`: a certificate authority, a puretls server on loopback that node:https, curl and openssl fetch a page
// from, then puretls as the client of node:https and openssl. Prints what was agreed, and one handshake with every byte
// named.

import { once } from 'node:events'
import { createServer as createHttpsServer, get } from 'node:https'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from '../src/index.node.ts'
import type { ClientOptions, ConnectionInfo, TlsConnection } from '../src/index.node.ts'
import { createTrace } from '../src/inspect/trace-entry.ts'
import { createCa } from '../src/pki/index.ts'
import type { Issued } from '../src/pki/index.ts'
import { countedSocket } from './demo/count.ts'
import type { Counts } from './demo/count.ts'
import { printTable, titled } from './demo/print.ts'
import { curl, opensslClient, opensslServer, temporaryFolder } from './demo/programs.ts'

const page = 'hello from the other side\n'

const main = async (): Promise<void> => {
  const ca = await createCa({ name: 'puretls demo CA' })
  const leaf = await ca.issue({ names: ['localhost', '127.0.0.1'] })
  const folder = temporaryFolder({
    'ca.pem': ca.certificatePem,
    'cert.pem': leaf.chainPem,
    'key.pem': leaf.privateKeyPem,
  })
  try {
    await serve(leaf, ca.certificatePem, folder.path)
    await fetchFromOthers(leaf, ca.certificatePem, folder.path)
    await showHandshake(leaf, ca.certificatePem)
  } finally {
    folder.remove()
  }
}

/** A puretls server, and clients that nobody here wrote. */
const serve = async (leaf: Issued, ca: string, folder: string): Promise<void> => {
  const tls = createServer({ cert: leaf.chainPem, key: leaf.privateKeyPem, alpn: ['http/1.1'] })
  const seen: { readonly info: ConnectionInfo; readonly counts: Counts }[] = []
  const listener = net.createServer((socket) => {
    const counted = countedSocket(socket)
    tls.accept(socket).then(
      async (connection) => {
        seen.push({ info: connection.info, counts: counted() })
        await answer(connection)
      },
      (error: Error) => console.log(`a connection failed: ${error.message}`),
    )
  })
  const port = await listen(listener)
  const clients: readonly (readonly [string, () => Promise<string | undefined>])[] = [
    ['node:https', () => fetchWithNode(port, ca)],
    ['curl', () => curl(port, folder)],
    ['openssl s_client', () => opensslClient(port, folder)],
  ]
  const rows: string[][] = []
  for (const [name, fetchPage] of clients) {
    const body = await fetchPage()
    if (body === undefined) {
      rows.push([name, 'not on this machine'])
      continue
    }
    const last = seen.at(-1)
    if (!last || !body.includes(page.trim())) throw new Error(`${name} did not get the page: ${body}`)
    rows.push(rowOf(name, last.info, last.counts))
  }
  titled('a puretls server, fetched from by')
  printTable(['client', ...columns], rows)
  listener.close()
}

const answer = async (connection: TlsConnection): Promise<void> => {
  let request = ''
  for await (const chunk of connection) {
    request += new TextDecoder().decode(chunk)
    if (request.includes('\r\n\r\n')) break
  }
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${page.length}\r\nconnection: close\r\n\r\n`
  await connection.write(new TextEncoder().encode(head + page))
  await connection.close()
}

const fetchWithNode = (port: number, ca: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, ca, servername: 'localhost', agent: false }, (response) => {
      let body = ''
      response
        .setEncoding('utf8')
        .on('data', (text: string) => (body += text))
        .on('end', () => resolve(body))
    }).on('error', reject)
  })

/** puretls as the client of servers that nobody here wrote. */
const fetchFromOthers = async (leaf: Issued, ca: string, folder: string): Promise<void> => {
  const rows: string[][] = []
  const https = createHttpsServer({ cert: leaf.chainPem, key: leaf.privateKeyPem }, (_request, response) =>
    response.end(page),
  )
  rows.push(await fetchRow('node:https', await listen(https), ca))
  https.closeAllConnections()
  https.close()
  const openssl = await opensslServer(folder)
  if (openssl) {
    try {
      rows.push(await fetchRow('openssl s_server', openssl.port, ca))
    } finally {
      openssl.stop()
    }
  } else rows.push(['openssl s_server', 'not on this machine'])
  titled('puretls as the client of')
  printTable(['server', ...columns], rows)
}

const fetchRow = async (
  name: string,
  port: number,
  ca: string,
  more: Partial<ClientOptions> = {},
): Promise<string[]> => {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const counted = countedSocket(socket)
  const connection = await connect(socket, { serverName: 'localhost', ca, ...more })
  const counts = counted()
  await connection.write(new TextEncoder().encode('GET / HTTP/1.0\r\nhost: localhost\r\n\r\n'))
  let response = ''
  for await (const chunk of connection) response += new TextDecoder().decode(chunk)
  if (!response.includes('200')) throw new Error(`${name} answered ${JSON.stringify(response.slice(0, 60))}`)
  await connection.close()
  return rowOf(name, connection.info, counts)
}

/** One whole handshake, decrypted and annotated. */
const showHandshake = async (leaf: Issued, ca: string): Promise<void> => {
  const https = createHttpsServer({ cert: leaf.chainPem, key: leaf.privateKeyPem }, (_request, response) =>
    response.end(page),
  )
  const trace = createTrace('client')
  await fetchRow('node:https', await listen(https), ca, { trace: trace.record, groups: ['X25519', 'P-256'] })
  https.closeAllConnections()
  https.close()
  titled('one of these handshakes, every byte named')
  console.log(trace.toString())
}

const columns = ['version', 'suite', 'group', 'signed with', 'verified chain', 'round trips', 'sent', 'received']
const rowOf = (name: string, info: ConnectionInfo, counts: Counts): string[] => [
  name,
  info.version,
  info.cipherSuite,
  info.group ?? '-',
  info.signatureScheme ?? info.ownSignatureScheme ?? '-',
  info.verifiedChain.map(({ subject }) => subject.toString()).join(' < ') || '-',
  String(counts.roundTrips),
  `${counts.sent} B`,
  `${counts.received} B`,
]

const listen = async (server: net.Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

await main()
