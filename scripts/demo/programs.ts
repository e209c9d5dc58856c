// The programs that the demo talks to, where they are installed: curl and openssl. Each is ended by its own process.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'

export const temporaryFolder = (
  files: Readonly<Record<string, string>>,
): { readonly path: string; readonly remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'puretls-demo-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text, { mode: 0o600 })
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Standard output and error of a program, or undefined if it is not installed. */
const output = (program: string, args: readonly string[], input = ''): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let text = ''
    const timer = setTimeout(() => child.kill(), 20_000)
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    child.stdin.on('error', () => {}) // it may have gone without reading
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      if (error.code === 'ENOENT') resolve(undefined)
      else reject(error)
    })
    child.on('close', () => {
      clearTimeout(timer)
      resolve(text)
    })
    child.stdin.end(input)
  })

export const curl = (port: number, folder: string): Promise<string | undefined> =>
  output('curl', [
    '--silent',
    '--show-error',
    '--noproxy',
    '*',
    '--cacert',
    join(folder, 'ca.pem'),
    `https://127.0.0.1:${port}/`,
  ])

export const opensslClient = (port: number, folder: string): Promise<string | undefined> =>
  output(
    'openssl',
    [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-servername',
      'localhost',
      '-CAfile',
      join(folder, 'ca.pem'),
      '-verify_return_error',
      '-ign_eof',
      '-quiet',
    ],
    'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n',
  )

export interface RunningServer {
  readonly port: number
  readonly stop: () => void
}

/** `openssl s_server -www`, or undefined if openssl is not installed. */
export const opensslServer = async (folder: string): Promise<RunningServer | undefined> => {
  if ((await output('openssl', ['version'])) === undefined) return undefined
  const port = await freePort()
  const child = spawn(
    'openssl',
    [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      '-cert',
      join(folder, 'cert.pem'),
      '-key',
      join(folder, 'key.pem'),
      '-www',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  await ready(child)
  return { port, stop: () => child.kill() }
}

const ready = async (child: ChildProcess): Promise<void> => {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    if (text.includes('ACCEPT')) return
  }
  throw new Error('openssl s_server did not start')
}

/** s_server cannot tell which port the system gave it, so one is asked for and given back. */
const freePort = async (): Promise<number> => {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
