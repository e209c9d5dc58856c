// Every function of puretls/node, called with what is no argument for it, beside node:tls: the same outcome, and node's
// own error codes. Those of https and http2 are called the same way.

import * as http2 from 'node:http2'
import * as https from 'node:https'
import * as tls from 'node:tls'
import { expect, it } from 'vitest'
import * as ourHttp2 from '../../src/node/http2.ts'
import * as ourHttps from '../../src/node/https.ts'
import * as ours from '../../src/node/index.ts'
import { oddArguments as odd } from '../fixtures/odd-arguments.ts'

type Call = (...given: readonly unknown[]) => unknown

const calls: readonly (readonly unknown[])[] = [
  [],
  ...odd.map((one) => [one]),
  ...odd.map((one) => [{}, one]),
  ...odd.map((one) => ['x', one]),
]

/** These begin connections, or send what they are given to the runtime's own HTTP code. */
const elsewhere: ReadonlySet<string> = new Set(['connect', 'get', 'request', 'performServerHandshake'])
const classes: ReadonlySet<string> = new Set(['TLSSocket', 'Server', 'SecureContext', 'Agent'])
/** Node's is a class of its own that takes anything; contexts are made by createSecureContext(). */
const hidden: ReadonlySet<string> = new Set(['SecureContext'])

interface Closable {
  readonly code?: unknown
  on?(event: 'error', listener: () => void): void
  destroy?(): void
  close?(): void
}

/** `ok`, or the error's class and code. */
const outcome = (name: string, call: Call, given: readonly unknown[]): string => {
  try {
    const made = (classes.has(name) ? Reflect.construct(call, [...given]) : call(...given)) as Closable | undefined
    if (typeof made?.on === 'function') {
      made.on('error', () => {})
      ;(made.destroy ?? made.close)?.call(made)
    }
    return typeof made?.code === 'string' ? made.code : 'ok'
  } catch (error) {
    if (!(error instanceof Error)) return String(error)
    return `${error.name} ${'code' in error ? String(error.code) : ''}`
  }
}

const shown = (value: unknown): string => {
  if (typeof value === 'symbol' || typeof value === 'bigint') return typeof value
  return value instanceof Uint8Array ? `${value.length} bytes` : (JSON.stringify(value) ?? String(value))
}

const compare = (theirs: object, own: object): readonly string[] => {
  const different: string[] = []
  for (const [name, call] of Object.entries(theirs)) {
    const mine: unknown = Reflect.get(own, name)
    if (typeof call !== 'function' || typeof mine !== 'function' || elsewhere.has(name) || hidden.has(name)) continue
    for (const given of calls) {
      const [expected, found] = [outcome(name, call as Call, given), outcome(name, mine as Call, given)]
      // Where node's falls over, ours says what is wrong.
      if (found === expected || (expected === 'TypeError ' && found === 'TypeError ERR_INVALID_ARG_TYPE')) continue
      different.push(`${name}(${given.map(shown).join(', ')}): ${found}, and node ${expected}`)
    }
  }
  return different
}

it('puretls/node', () => {
  expect(compare(tls, ours)).toEqual([])
})
it('puretls/node/https', () => {
  expect(compare(https, ourHttps)).toEqual([])
})
it('puretls/node/http2', () => {
  expect(compare(http2, ourHttp2)).toEqual([])
})
