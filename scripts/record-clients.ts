// Runs TLS clients that are on this machine against a server, and writes the ClientHellos that they send to
// src/cli/hello/clients.ts: the table by which `puretls hello` says whom a client resembles. `node
// scripts/record-clients.ts`; what is not here is left out.

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../src/index.node.ts'
import { ja4Raw, readClientHello } from '../src/inspect/index.ts'
import { dangerouslyAcceptAnyCertificate } from '../src/x509/accept-any.ts'

const folder = mkdtempSync(join(tmpdir(), 'puretls-clients-'))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const output = (command: string, args: readonly string[]): string => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch {
    return ''
  }
}
const first = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? ''

const goSource = file(
  'client.go',
  `package main
import ("crypto/tls"; "net/http"; "os")
func main() {
  if os.Args[1] == "tls" {
    c, err := tls.Dial("tcp", "localhost:"+os.Args[2], &tls.Config{InsecureSkipVerify: true})
    if err == nil { c.Close() }
    return
  }
  http.Get("https://localhost:" + os.Args[2] + "/")
}
`,
)
const javaSource = file(
  'Client.java',
  `import java.net.URI; import java.net.http.*;
public class Client { public static void main(String[] a) throws Exception {
  try {
    if (a[0].equals("http")) {
      HttpRequest request = HttpRequest.newBuilder(URI.create("https://localhost:" + a[1] + "/")).build();
      HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    } else {
      javax.net.SocketFactory sockets = javax.net.ssl.SSLSocketFactory.getDefault();
      ((javax.net.ssl.SSLSocket) sockets.createSocket("localhost", Integer.parseInt(a[1]))).startHandshake();
    }
  } catch (java.io.IOException e) {}
} }
`,
)

interface Client {
  readonly name: () => string
  readonly run: (port: number) => readonly [string, readonly string[]]
}

const opensslVersion = (): string => first(output('openssl', ['version']), /OpenSSL (\S+)/)
const nodeOf = (path: string): Client => ({
  name: () =>
    `Node.js ${output(path, ['-p', "process.versions.node + ' (OpenSSL ' + process.versions.openssl + ')'"]).trim()}`,
  run: (port) => [
    path,
    [
      '-e',
      `require('tls').connect({ host: 'localhost', port: ${port}, servername: 'localhost' }).on('error', () => {})`,
    ],
  ],
})

const clients: readonly Client[] = [
  {
    name: () =>
      `curl ${first(output('curl', ['--version']), /curl (\S+)/)} ` +
      `(${first(output('curl', ['--version']), /(OpenSSL\/\S+|GnuTLS\/\S+)/)})`,
    run: (port) => ['curl', ['-sk', '--max-time', '5', `https://localhost:${port}/`]],
  },
  {
    name: () => `OpenSSL s_client ${opensslVersion()}`,
    run: (port) => ['openssl', ['s_client', '-connect', `localhost:${port}`, '-servername', 'localhost']],
  },
  {
    name: () => `GnuTLS ${first(output('gnutls-cli', ['--version']), /gnutls-cli (\S+)/)}`,
    run: (port) => ['gnutls-cli', ['--insecure', '-p', String(port), 'localhost']],
  },
  {
    name: () => `wget ${first(output('wget', ['--version']), /Wget (\S+)/)} (GnuTLS)`,
    run: (port) => ['wget', ['-q', '-t', '1', '-T', '5', '--no-check-certificate', `https://localhost:${port}/`]],
  },
  {
    name: () => `Go net/http ${first(output('go', ['version']), /go(\d\S*)/)}`,
    run: (port) => [join(folder, 'go-client'), ['http', String(port)]],
  },
  {
    name: () => `Go crypto/tls ${first(output('go', ['version']), /go(\d\S*)/)}`,
    run: (port) => [join(folder, 'go-client'), ['tls', String(port)]],
  },
  nodeOf('/usr/local/bin/node'),
  nodeOf('/usr/bin/node'),
  nodeOf(process.execPath),
  {
    name: () => `Java ${first(output('java', ['--version']), /^\S+ (\S+)/)} (JSSE)`,
    run: (port) => ['java', [javaSource, 'tls', String(port)]],
  },
  {
    name: () => `Java HttpClient ${first(output('java', ['--version']), /^\S+ (\S+)/)}`,
    run: (port) => ['java', [javaSource, 'http', String(port)]],
  },
  {
    name: () =>
      `Python ${first(output('python3', ['--version']), /Python (\S+)/)} ` +
      `(${output('python3', ['-c', 'import ssl; print(" ".join(ssl.OPENSSL_VERSION.split()[:2]))']).trim()})`,
    run: (port) => [
      'python3',
      [
        '-c',
        `import urllib.request,ssl\ntry: urllib.request.urlopen("https://localhost:${port}/", ` +
          `context=ssl._create_unverified_context(), timeout=5)\nexcept OSError: pass`,
      ],
    ],
  },
  {
    name: () => `Chromium ${first(output('chromium', ['--version']), /(\d+)\./)}`,
    run: (port) => [
      'chromium',
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--ignore-certificate-errors',
        `--user-data-dir=${folder}/chromium`,
        '--dump-dom',
        `https://localhost:${port}/`,
      ],
    ],
  },
  {
    name: () => `Firefox ${first(output('firefox-esr', ['--version']), /Firefox (\d+)/)}`,
    run: (port) => [
      'firefox-esr',
      [
        '--headless',
        '--no-remote',
        '--profile',
        folder,
        '--screenshot',
        `${folder}/shot.png`,
        `https://localhost:${port}/`,
      ],
    ],
  },
]

/** The hello that whatever `start` makes connect sends; undefined if none comes. */
const helloOf = (start: (port: number) => () => void): Promise<string | undefined> =>
  new Promise((resolve) => {
    let stop = (): void => {}
    const server = createServer((socket) => {
      socket.on('error', () => {})
      void readClientHello(socket)
        .then(
          ({ hello }) => done(ja4Raw(hello)),
          () => socket.destroy(),
        )
        .finally(() => socket.destroy())
    })
    const done = (found: string | undefined): void => {
      clearTimeout(timer)
      stop()
      server.close()
      resolve(found)
    }
    const timer = setTimeout(() => done(undefined), 30_000)
    server.listen(0, 'localhost', () => {
      stop = start((server.address() as AddressInfo).port)
    })
  })

/** Broken at commas into lines that fit. */
const wrapped = (raw: string): string => raw.replace(/(.{90,100}[,_])(?=.)/g, '$1\n      ')

const rows: { readonly name: string; readonly ja4Raw: string }[] = []
const add = (name: string, found: string | undefined): void => {
  console.log(name, found ?? '-')
  const same = rows.findIndex((row) => row.ja4Raw === found)
  if (found === undefined) return
  if (same < 0) rows.push({ name, ja4Raw: found })
  else if (rows[same] && !rows[same].name.includes(name))
    rows[same] = { name: `${rows[same].name}, ${name}`, ja4Raw: found }
}
try {
  execFileSync('go', ['build', '-o', join(folder, 'go-client'), goSource])
  for (const { name, run } of clients) {
    const found = await helloOf((port) => {
      const [command, args] = run(port)
      const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] })
      child.on('error', () => {})
      return () => child.kill('SIGKILL')
    })
    if (found !== undefined) add(name(), found)
  }
  add(
    'puretls',
    await helloOf((port) => {
      void connect(`localhost:${port}`, { serverName: 'localhost', verifier: dangerouslyAcceptAnyCertificate }).catch(
        () => {},
      )
      return () => {}
    }),
  )
  const path = new URL('../src/cli/hello/clients.ts', import.meta.url).pathname
  writeFileSync(
    path,
    `// Clients by the ClientHello that they sent when they were run against a server (scripts/record-clients.ts):
// the table by which \`puretls hello\` says whom a client resembles.

export interface KnownClient {
  readonly name: string
  /** JA4 before hashing, of a connection by name; white space is no part of it. */
  readonly ja4Raw: string
}

export const knownClients: readonly KnownClient[] = [
${rows
  .map(
    (row) => `  {
    name: ${JSON.stringify(row.name)},
    ja4Raw: \`${wrapped(row.ja4Raw)}\`,
  },`,
  )
  .join('\n')}
]
`,
  )
  execFileSync('node_modules/.bin/prettier', ['--write', '--log-level', 'warn', path])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
