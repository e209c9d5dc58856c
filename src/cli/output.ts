// What a command prints: lines for people on stdout, or JSON; warnings and progress on stderr. Colours only on a
// terminal, as NO_COLOR and FORCE_COLOR say. Text of a peer cannot steer the terminal: control characters are shown as
// escapes.

import type { Io, Sink } from './io.ts'

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
} as const

export type Style = Readonly<Record<keyof typeof codes, (text: string) => string>>

export interface Output {
  /** Colours for stdout; they do nothing where there are none. */
  readonly style: Style
  /** Lines for people; nothing with --json. */
  print(...lines: readonly string[]): Promise<void>
  /** Lines on stdout with --json as well: what is not for people (PEM, a script). */
  raw(data: string | Uint8Array): Promise<void>
  /** One JSON value on one line if `io.stdout` is read by a program, indented on a terminal. Nothing without --json. */
  json(value: unknown): Promise<void>
  /** A line on stderr. */
  warn(line: string): Promise<void>
  /** What goes on just now, on stderr, where that is a terminal: overwrites the one before; `undefined` wipes it. */
  progress(line: string | undefined): Promise<void>
}

/** FORCE_COLOR takes precedence over NO_COLOR, as in Node; without either, a terminal that is not dumb has colours. */
export const hasColours = (sink: Sink, env: Io['env']): boolean => {
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  return sink.isTTY && env['TERM'] !== 'dumb'
}

export const styleFor = (coloured: boolean): Style => {
  const names = Object.keys(codes) as (keyof typeof codes)[]
  return Object.fromEntries(
    names.map((name) => {
      const [on, off] = codes[name]
      return [
        name,
        (value: string): string => (coloured && value !== '' ? `\u001b[${on}m${value}\u001b[${off}m` : value),
      ]
    }),
  ) as unknown as Style
}

const ownCodes = new Set(Object.values(codes).flat())

/** `text` without what could steer a terminal: control characters and marks that change the direction of writing. */
export const printable = (value: string): string =>
  value.replace(
    /\u001b\[(\d+)m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (match, code?: string) => {
      if (code !== undefined && ownCodes.has(Number(code) as 1)) return match
      return match
        .split('')
        .map((one) => (one >= ' ' && one < '\u007f' ? one : escaped(one)))
        .join('')
    },
  )

const escaped = (one: string): string => {
  const code = one.charCodeAt(0)
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

export const createOutput = (io: Io, json: boolean): Output => {
  const style = styleFor(hasColours(io.stdout, io.env))
  let hasProgress = false
  const wipe = async (): Promise<void> => {
    if (!hasProgress) return
    hasProgress = false
    await io.stderr.write('\r\u001b[K')
  }
  return {
    style,
    print: async (...lines) => {
      if (json) return
      await wipe()
      await io.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''))
    },
    raw: async (data) => {
      await wipe()
      await io.stdout.write(data)
    },
    json: async (value) => {
      if (!json) return
      await wipe()
      await io.stdout.write(`${JSON.stringify(value, undefined, io.stdout.isTTY ? 2 : undefined)}\n`)
    },
    warn: async (line) => {
      await wipe()
      await io.stderr.write(`${printable(line)}\n`)
    },
    progress: async (line) => {
      await wipe()
      if (line === undefined || !io.stderr.isTTY || io.env['TERM'] === 'dumb') return
      hasProgress = true
      await io.stderr.write(printable(line).slice(0, Math.max(1, io.stderr.columns - 1)))
    },
  }
}
