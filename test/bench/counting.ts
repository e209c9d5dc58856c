// Counts what a piece of work does: calls of node:crypto, calls of functions of src/, promises, arrays and bytes
// allocated, bytes copied. Counts are the same on every machine, so that CI can hold them where a time would only be
// noise.

import { createHook } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { Session } from 'node:inspector/promises'

export type Counts = Readonly<Record<string, number>>

/** Functions of node:crypto that cost something by themselves. */
const cryptoCalls = [
  'createSecretKey',
  'createPublicKey',
  'createPrivateKey',
  'createHmac',
  'createHash',
  'hash',
  'hkdfSync',
  'createCipheriv',
  'createDecipheriv',
  'sign',
  'verify',
  'diffieHellman',
  'generateKeyPairSync',
  'createECDH',
  'encapsulate',
  'decapsulate',
  'randomBytes',
  'randomFillSync',
  'publicEncrypt',
  'privateDecrypt',
  'timingSafeEqual',
] as const

type Undo = () => void

/**
 * Runs the work and answers with what it did; names that were never met are left out. `functions` are names of
 * functions in src/ whose calls are counted too. Only one at a time: it patches globals, and takes the patches back. */
export const counted = async (work: () => unknown, functions: readonly string[] = []): Promise<Counts> => {
  const counts: Record<string, number> = {}
  const add = (name: string, by = 1): void => {
    counts[name] = (counts[name] ?? 0) + by
  }
  const calls = functions.length > 0 ? await functionCalls(functions) : undefined
  const undo = [countCrypto(add), countCopies(add), countAllocations(add), countPromises(add)]
  try {
    await work()
  } finally {
    for (const each of undo.toReversed()) each()
  }
  return { ...counts, ...(await calls?.()) }
}

type Add = (name: string, by?: number) => void

const replace = (target: object, name: string, make: (original: Function) => Function): Undo => {
  const original: unknown = Reflect.get(target, name)
  if (typeof original !== 'function') return () => {}
  const own = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? true,
    value: make(original),
  })
  return () => {
    if (own) Object.defineProperty(target, name, own)
    else Reflect.deleteProperty(target, name)
  }
}

const countCrypto = (add: Add): Undo => {
  const crypto: object = createRequire(import.meta.url)('node:crypto')
  const undo = cryptoCalls.map((name) =>
    replace(crypto, name, (original) => (...args: unknown[]) => {
      add(name)
      return original.apply(crypto, args)
    }),
  )
  const copies = replace(
    createHash('sha256').constructor.prototype,
    'copy',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        add('Hash copies')
        return original.apply(this, args)
      },
  )
  const random = replace(
    Object.getPrototypeOf(globalThis.crypto),
    'getRandomValues',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        add('getRandomValues')
        return original.apply(this, args)
      },
  )
  syncBuiltinESMExports()
  return () => {
    for (const each of [...undo, copies, random].toReversed()) each()
    syncBuiltinESMExports()
  }
}

/** Bytes that set(), slice() and concat() copy. */
const countCopies = (add: Add): Undo => {
  const prototype: object = Object.getPrototypeOf(Uint8Array.prototype)
  const measured = (bytesOf: (self: Uint8Array, args: readonly unknown[]) => number) => (original: Function) =>
    function (this: Uint8Array, ...args: unknown[]) {
      add('bytes copied', bytesOf(this, args))
      return original.apply(this, args)
    }
  const undo = [
    replace(
      prototype,
      'set',
      measured((_, [source]) => lengthOf(source)),
    ),
    replace(
      prototype,
      'slice',
      measured(
        (self, [start, end]) => self.subarray(Number(start ?? 0), end === undefined ? undefined : Number(end)).length,
      ),
    ),
    replace(
      prototype,
      'copyWithin',
      measured((self, [, start = 0, end = self.length]) => Number(end) - Number(start)),
    ),
    replace(
      Buffer,
      'concat',
      measured((_, [list]) => (Array.isArray(list) ? list.reduce((sum: number, item) => sum + lengthOf(item), 0) : 0)),
    ),
  ]
  return () => {
    for (const each of undo) each()
  }
}

const lengthOf = (value: unknown): number =>
  ArrayBuffer.isView(value) ? value.byteLength : Array.isArray(value) ? value.length : 0

/**
 * Arrays of bytes that JavaScript makes: those that get memory of their own, with its bytes, and views of others. What
 * node:crypto makes is not seen. */
const countAllocations = (add: Add): Undo => {
  const original = Uint8Array
  const proxy: typeof Uint8Array = new Proxy(original, {
    construct: (target, args: unknown[], newTarget: Function) => {
      const made = Reflect.construct(target, args, newTarget === proxy ? target : newTarget)
      if (args[0] instanceof ArrayBuffer || args[0] instanceof SharedArrayBuffer) add('views')
      else if (made.length > 0) {
        add('arrays')
        add('bytes allocated', made.length)
      }
      return made
    },
  })
  const unfilled = replace(Buffer, 'allocUnsafeSlow', (allocate) => (length: number) => {
    add('arrays')
    add('bytes allocated', length)
    return allocate.call(Buffer, length)
  })
  globalThis.Uint8Array = proxy
  Object.defineProperty(original.prototype, 'constructor', { configurable: true, writable: true, value: proxy })
  return () => {
    unfilled()
    globalThis.Uint8Array = original
    Object.defineProperty(original.prototype, 'constructor', { configurable: true, writable: true, value: original })
  }
}

const countPromises = (add: Add): Undo => {
  const hook = createHook({ init: (_, type) => type === 'PROMISE' && add('promises') })
  hook.enable()
  return () => void hook.disable()
}

/** Starts counting; what it answers with stops, and gives the numbers. */
const functionCalls = async (names: readonly string[]): Promise<() => Promise<Counts>> => {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage')
    await session.post('Profiler.stopPreciseCoverage')
    session.disconnect()
    const counts: Record<string, number> = {}
    for (const { url, functions } of result) {
      if (!url.includes('/src/')) continue
      for (const { functionName, ranges } of functions) {
        const count = ranges[0]?.count ?? 0
        if (names.includes(functionName) && count > 0) counts[functionName] = (counts[functionName] ?? 0) + count
      }
    }
    return counts
  }
}
