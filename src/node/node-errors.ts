// Errors in the form of Node's own: a code, and the name with the code in the stack. The checks of arguments that
// node:tls makes, in the words that programs see from it.

import { inspect } from 'node:util'

export interface CodedError extends Error {
  code: string
}

type ErrorClass = new (message: string, options?: ErrorOptions) => Error

/** `TypeError [CODE]: message`, with `code` as an own property. */
export const codedError = (Class: ErrorClass, code: string, message: string, details: object = {}): CodedError => {
  const error = new Class(message)
  const { name } = error
  // The stack is made while the name carries the code, as Node's own errors have it.
  Object.defineProperty(error, 'name', {
    value: `${name} [${code}]`,
    configurable: true,
    writable: true,
    enumerable: false,
  })
  void error.stack
  Reflect.deleteProperty(error, 'name')
  Object.defineProperty(error, 'toString', {
    value: () => `${name} [${code}]: ${error.message}`,
    configurable: true,
    writable: true,
    enumerable: false,
  })
  return Object.assign(error, details, { code })
}

/** ECONNRESET, as Node words it for a peer that left. */
export const connectionReset = (message: string): CodedError =>
  Object.assign(new Error(message), { code: 'ECONNRESET' })

const typeNames = new Set([
  'string',
  'function',
  'number',
  'object',
  'boolean',
  'bigint',
  'symbol',
  'Function',
  'Object',
])

const list = (words: readonly string[], join: 'or' | 'and'): string => {
  if (words.length <= 2) return words.join(` ${join} `)
  return `${words.slice(0, -1).join(', ')}, ${join} ${words.at(-1) ?? ''}`
}

const expectation = (expected: readonly string[]): string => {
  const types = expected.filter((name) => typeNames.has(name)).map((name) => name.toLowerCase())
  const classes = expected.filter((name) => /^[A-Z]/.test(name) && !typeNames.has(name))
  // Beside other classes an object is one of them.
  if (classes.length > 0 && types.includes('object')) {
    types.splice(types.indexOf('object'), 1)
    classes.push('Object')
  }
  const others = expected.filter((name) => !typeNames.has(name) && !/^[A-Z]/.test(name))
  const parts: string[] = []
  if (types.length > 0) parts.push(`${types.length > 1 ? 'one of type' : 'of type'} ${list(types, 'or')}`)
  if (classes.length > 0) parts.push(`an instance of ${list(classes, 'or')}`)
  if (others.length > 0) parts.push(others.length > 1 ? `one of ${list(others, 'or')}` : (others[0] ?? ''))
  return parts.join(' or ')
}

const received = (value: unknown): string => {
  if (value === null || value === undefined) return `${String(value)}`
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value === 'object') {
    const name: unknown = value.constructor?.name
    return typeof name === 'string' ? `an instance of ${name}` : inspect(value, { depth: -1 })
  }
  const shown = typeof value === 'string' && value.length > 28 ? `${value.slice(0, 25)}...` : value
  return `type ${typeof value} (${inspect(shown, { colors: false })})`
}

const subject = (name: string): string =>
  name.endsWith(' argument') ? `The ${name}` : `The "${name}" ${name.includes('.') ? 'property' : 'argument'}`

export const invalidArgType = (name: string, expected: string | readonly string[], value: unknown): CodedError => {
  const names = typeof expected === 'string' ? [expected] : expected
  return codedError(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `${subject(name)} must be ${expectation(names)}. Received ${received(value)}`,
  )
}

export const invalidArgValue = (name: string, value: unknown, reason = 'is invalid'): CodedError => {
  const text = inspect(value)
  const shown = text.length > 128 ? `${text.slice(0, 128)}...` : text
  const kind = name.includes('.') ? 'property' : 'argument'
  return codedError(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${kind} '${name}' ${reason}. Received ${shown}`)
}

export const outOfRange = (name: string, range: string, value: unknown): CodedError => {
  const received = inspect(value, { numericSeparator: isLong(value) })
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${received}`
  return codedError(RangeError, 'ERR_OUT_OF_RANGE', message)
}

/** Node separates the digits of such numbers. */
const isLong = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) > 2 ** 32

// ---- checks, each of which throws one of the above
// ---------------------------------------------------------------------

export const isView = (value: unknown): value is NodeJS.ArrayBufferView => ArrayBuffer.isView(value)

/** The bytes of any view, without a copy. */
export const bytesOfView = (view: NodeJS.ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

export function checkString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw invalidArgType(name, 'string', value)
}

export function checkBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw invalidArgType(name, 'boolean', value)
}

export function checkFunction(value: unknown, name: string): asserts value is (...args: never[]) => unknown {
  if (typeof value !== 'function') throw invalidArgType(name, 'Function', value)
}

export function checkObject(value: unknown, name: string): asserts value is object {
  if (value === null || Array.isArray(value) || typeof value !== 'object') throw invalidArgType(name, 'Object', value)
}

export function checkArray(value: unknown, name: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw invalidArgType(name, 'Array', value)
}

export function checkNumber(value: unknown, name: string, min?: number): asserts value is number {
  if (typeof value !== 'number') throw invalidArgType(name, 'number', value)
  if (min !== undefined && (value < min || Number.isNaN(value))) throw outOfRange(name, `>= ${min}`, value)
}

const integerIn = (value: unknown, name: string, min: number, max: number): void => {
  if (typeof value !== 'number') throw invalidArgType(name, 'number', value)
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value)
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value)
}

export function checkInt32(value: unknown, name: string, min = -2147483648): asserts value is number {
  integerIn(value, name, min, 2147483647)
}

export function checkUint32(value: unknown, name: string, min = 0): asserts value is number {
  integerIn(value, name, min, 4294967295)
}

export function checkInteger(value: unknown, name: string): asserts value is number {
  integerIn(value, name, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
}

export function checkView(value: unknown, name = 'buffer'): asserts value is NodeJS.ArrayBufferView {
  if (!isView(value)) throw invalidArgType(name, ['Buffer', 'TypedArray', 'DataView'], value)
}
