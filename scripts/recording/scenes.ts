// The scenes of the recording, each really run: `run(argv, io)` is what the executable calls, here with colours forced,
// and with connections to the one host name of the recording led to `puretls serve` on loopback.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { exitCodes, run } from '../../src/cli/index.ts'
import type { Io, Sink } from '../../src/cli/index.ts'

export interface Step {
  readonly command: string
  /** stdout and stderr in the order they were written, with escape sequences. */
  readonly output: string
}

/** What is on the screen at once. */
export type Scene = readonly Step[]

const HOST = 'example.com'

/** Command lines, and the exit code of each. */
const script: readonly (readonly (readonly [string, number])[])[] = [
  [
    [`npx puretls cert leaf ${HOST}`, exitCodes.ok],
    [`npx puretls cert verify ${HOST}.pem --local-ca --name ${HOST}`, exitCodes.ok],
    [`npx puretls cert verify ${HOST}.pem --local-ca --name example.net`, exitCodes.verification],
  ],
  [[`npx puretls connect ${HOST} --ca ca.pem --alpn h2`, exitCodes.ok]],
  [[`npx puretls trace ${HOST} --suite TLS_AES_128_GCM_SHA256 --group X25519`, exitCodes.ok]],
  [[`npx puretls scan ${HOST} --ca ca.pem`, exitCodes.ok]],
]

/** A screen of `columns` that keeps what is written. */
class Screen implements Sink {
  readonly isTTY = false
  readonly columns: number
  text = ''
  #onWrite: () => void = () => {}

  constructor(columns: number) {
    this.columns = columns
  }

  write(data: string | Uint8Array): Promise<void> {
    this.text += typeof data === 'string' ? data : new TextDecoder().decode(data)
    this.#onWrite()
    return Promise.resolve()
  }

  /** Resolves with the first group of `pattern` once it is there. */
  async waitFor(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.text)?.[1]
      if (found !== undefined) return found
      await new Promise<void>((resolve) => (this.#onWrite = resolve))
    }
  }
}

/** Rejects where a command ends with another exit code than it should. */
export const recordScenes = async (columns: number): Promise<readonly Scene[]> => {
  const cwd = mkdtempSync(join(tmpdir(), 'puretls-recording-'))
  const stop = new AbortController()
  let port = 0
  const ioOf = (screen: Screen): Io => ({
    stdin: Readable.from([]),
    stdinIsPiped: false,
    stdout: screen,
    stderr: screen,
    env: { FORCE_COLOR: '1', PURETLS_HOME: join(cwd, 'home') },
    cwd,
    platform: process.platform,
    signal: stop.signal,
    clock: Date.now,
    dial: (host) => {
      if (host !== HOST) throw new Error(`the recording knows no host ${host}`)
      const socket = connect(port, '127.0.0.1')
      return new Promise((resolve, reject) => socket.once('error', reject).once('connect', () => resolve(socket)))
    },
  })
  const outputOf = async (words: readonly string[], expected: number = exitCodes.ok): Promise<string> => {
    const screen = new Screen(columns)
    const code = await run(words, ioOf(screen))
    if (code !== expected) throw new Error(`puretls ${words.join(' ')} ended with ${code}:\n${screen.text}`)
    return screen.text
  }

  let serving: Promise<number> | undefined
  try {
    await outputOf(['cert', 'ca', '--name', 'CN=Example CA'])
    copyFileSync(join(cwd, 'home/ca/ca.pem'), join(cwd, 'ca.pem'))
    mkdirSync(join(cwd, 'site'))
    writeFileSync(join(cwd, 'site/index.html'), 'It works.\n')
    const scenes: Scene[] = []
    for (const lines of script) {
      const scene: Step[] = []
      for (const [command, code] of lines)
        scene.push({ command, output: await outputOf(command.split(' ').slice(2), code) })
      scenes.push(scene)
      // The server shows the certificate that the first scene makes.
      if (serving === undefined) {
        const screen = new Screen(columns)
        const words = ['serve', 'site', '--listen', '127.0.0.1:0', '--cert', `${HOST}.pem`, '--key', `${HOST}-key.pem`]
        serving = run(words, ioOf(screen))
        const ended = serving.then((code) => {
          throw new Error(`puretls serve ended with ${code}:\n${screen.text}`)
        })
        port = Number(await Promise.race([screen.waitFor(/:(\d+)\//), ended]))
        ended.catch(() => {})
        // Code that runs for the first time is slow: the durations in the recording are those of a second run.
        await outputOf(['connect', HOST, '--ca', 'ca.pem'])
      }
    }
    return scenes
  } finally {
    stop.abort()
    await serving
    rmSync(cwd, { recursive: true, force: true })
  }
}
