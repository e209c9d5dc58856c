// The errors that calls with wrong arguments throw, each compared with what Node's own validators and factories of
// errors make of the same value, in a process that has them.

import { execFileSync } from 'node:child_process'
import { runInThisContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import * as ours from '../../src/node/node-errors.ts'

/** Values as source, which both processes evaluate. */
const values = [
  'undefined',
  'null',
  'true',
  '0',
  '-1',
  '1',
  '7',
  '8',
  '9',
  '1.5',
  'NaN',
  'Infinity',
  '2 ** 31 - 1',
  '2 ** 31',
  '-(2 ** 31)',
  '-(2 ** 31) - 1',
  '2 ** 32 - 1',
  '2 ** 32',
  '2 ** 32 + 1',
  '-(2 ** 32)',
  '-(2 ** 32) - 1',
  'Number.MAX_SAFE_INTEGER',
  'Number.MAX_SAFE_INTEGER + 1',
  'Number.MIN_SAFE_INTEGER',
  'Number.MIN_SAFE_INTEGER - 1',
  '10n',
  '""',
  '"it\'s"',
  '"x".repeat(28)',
  '"x".repeat(29)',
  '"x".repeat(200)',
  'Symbol("x")',
  '[]',
  '[1, "two"]',
  '({})',
  '({ a: { b: 1 } })',
  'Object.create(null)',
  'Object.create({ constructor: undefined })',
  'new (class {})()',
  'new Date(0)',
  'new Map()',
  '(function named() {})',
  '(() => undefined)',
  'Buffer.from("x")',
  'new Uint16Array(2)',
  'new DataView(new ArrayBuffer(1))',
  'new ArrayBuffer(1)',
]
const names = ['name', 'options.name', 'first argument', 'protocols[0]']
const expectations = [
  'string',
  'Function',
  'Object',
  'Duplex',
  'null',
  ['string', 'Buffer', 'TypedArray', 'DataView'],
  ['string', 'ArrayBufferView'],
  ['string', 'null', 'undefined'],
  ['Buffer', 'TypedArray'],
  ['string', 'number'],
  ['string', 'number', 'boolean', 'bigint'],
  ['Function', 'Object', 'symbol'],
  ['null', 'undefined'],
  ['string', 'null', 'Buffer'],
  ['Object', 'Buffer', 'DataView'],
  ['string', 'Object', 'Buffer'],
  ['Object', 'string'],
]
/** Values of which an error shows so many characters: up to 128 they are shown whole. */
const shownValues = [...values, ...[125, 126, 127].map((length) => `"x".repeat(${length})`)]

interface Factories {
  readonly invalidArgType: (name: string, expected: string | readonly string[], value: unknown) => Error
  readonly invalidArgValue: (name: string, value: unknown, reason?: string) => Error
}
interface Given {
  readonly evaluate: (source: string) => unknown
  readonly values: readonly string[]
  readonly shownValues: readonly string[]
  readonly names: readonly string[]
  readonly expectations: readonly (string | readonly string[])[]
}
type Checks = Readonly<Record<string, (value: unknown, name: string) => void>>

/** What is said of everything above; it runs in both processes. */
const sayAll = (
  { invalidArgType, invalidArgValue }: Factories,
  checks: Checks,
  { evaluate, values, shownValues, names, expectations }: Given,
): readonly string[] => {
  const lines: string[] = []
  const say = (what: string, error: unknown): void => {
    if (!(error instanceof Error)) return void lines.push(`${what}: taken`)
    const { message, name, stack = '' } = error
    const code: unknown = Reflect.get(error, 'code')
    const shown = [code, name, message, `${error}`, stack.split('\n    at ')[0], Object.keys(error)]
    lines.push(`${what}: ${JSON.stringify(shown)}`)
  }
  const thrownBy = (call: () => void): unknown => {
    try {
      return call()
    } catch (error) {
      return error
    }
  }
  for (const source of values) {
    for (const name of names) {
      say(`type ${name} ${source}`, invalidArgType(name, 'string', evaluate(source)))
      for (const [what, check] of Object.entries(checks))
        say(
          `${what} ${name} ${source}`,
          thrownBy(() => check(evaluate(source), name)),
        )
    }
  }
  for (const expected of expectations) say(`expected ${String(expected)}`, invalidArgType('name', expected, 1))
  for (const source of shownValues)
    for (const name of ['name', 'options.name'])
      for (const reason of [undefined, 'has to be another'])
        say(`value ${name} ${source} ${reason}`, invalidArgValue(name, evaluate(source), reason))
  return lines
}

/** Node's own, whose modules only a process of its own gives. */
const inNode = `
  const { codes } = require('internal/errors')
  const v = require('internal/validators')
  const checks = {
    string: v.validateString, boolean: v.validateBoolean, function: v.validateFunction, object: v.validateObject,
    array: v.validateArray, number: v.validateNumber,
    'number from 8': (value, name) => v.validateNumber(value, name, 8),
    int32: v.validateInt32, 'int32 from 8': (value, name) => v.validateInt32(value, name, 8),
    uint32: v.validateUint32, 'uint32 from 1': (value, name) => v.validateUint32(value, name, true),
    integer: v.validateInteger, view: v.validateBuffer,
  }
  const factories = {
    invalidArgType: (...args) => new codes.ERR_INVALID_ARG_TYPE(...args),
    invalidArgValue: (...args) => new codes.ERR_INVALID_ARG_VALUE(...args),
  }
  const given = { ...JSON.parse(process.argv[1]), evaluate: (source) => require('node:vm').runInThisContext(source) }
  console.log(JSON.stringify((${sayAll.toString()})(factories, checks, given)))`

describe('errors and checks', () => {
  const given = { values, shownValues, names, expectations }
  const checks: Checks = {
    string: ours.checkString,
    boolean: ours.checkBoolean,
    function: ours.checkFunction,
    object: ours.checkObject,
    array: ours.checkArray,
    number: (value, name) => ours.checkNumber(value, name),
    'number from 8': (value, name) => ours.checkNumber(value, name, 8),
    int32: (value, name) => ours.checkInt32(value, name),
    'int32 from 8': (value, name) => ours.checkInt32(value, name, 8),
    uint32: (value, name) => ours.checkUint32(value, name),
    'uint32 from 1': (value, name) => ours.checkUint32(value, name, 1),
    integer: ours.checkInteger,
    view: ours.checkView,
  }
  it('say what Node says, in the same words, with the same code and shape', () => {
    const arguments_ = ['--expose-internals', '-e', inNode, JSON.stringify(given)]
    const node = JSON.parse(
      execFileSync(process.execPath, arguments_, { encoding: 'utf8', maxBuffer: 1 << 26 }),
    ) as readonly string[]
    expect(node.length).toBeGreaterThan(2000)
    expect(sayAll(ours, checks, { ...given, evaluate: (source) => runInThisContext(source) as unknown })).toEqual(node)
  })
})
