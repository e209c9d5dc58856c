// The module as an object, as `require('node:tls')` gives it.

import * as nodeModule from 'node:tls'
import { describe, expect, it } from 'vitest'
import ours, { TLSSocket } from '../../src/node/index.ts'

const nodeTls: object = process.getBuiltinModule('node:tls')
const kindOf = (module: object, name: string): string => {
  const property = Object.getOwnPropertyDescriptor(module, name)
  return `${name} ${typeof Reflect.get(module, name)} ${String(property?.enumerable)}`
}

describe('the properties of the module', () => {
  it('are those of node:tls, enumerable as there', () => {
    const names = Object.keys(nodeTls)
      .filter((name) => name in ours)
      .toSorted()
    expect(names.length).toBeGreaterThan(15)
    expect(names.map((name) => kindOf(ours, name))).toEqual(names.map((name) => kindOf(nodeTls, name)))
    expect(Object.keys(nodeTls).filter((name) => !(name in ours))).toEqual([])
  })
  it('that programs set can be set and read again, and count where they are used', () => {
    for (const name of ['DEFAULT_MIN_VERSION', 'DEFAULT_CIPHERS', 'DEFAULT_ECDH_CURVE', 'CLIENT_RENEG_LIMIT']) {
      const before: unknown = Reflect.get(ours, name)
      try {
        Reflect.set(ours, name, 'another')
        expect(Reflect.get(ours, name)).toBe('another')
      } finally {
        Reflect.set(ours, name, before)
      }
    }
    const { createSecureContext } = ours
    try {
      ours.createSecureContext = () => {
        throw new Error('mine')
      }
      expect(() => ours.connect({ port: 1 })).toThrow('mine')
    } finally {
      ours.createSecureContext = createSecureContext
    }
    expect(ours.createSecureContext).toBe(createSecureContext)
  })
  it('getCertificateCompressionAlgorithms() tells the names in their order', () => {
    expect(ours.getCertificateCompressionAlgorithms()).toEqual(
      nodeModule.getCertificateCompressionAlgorithms().toSorted(),
    )
    expect(ours.TLSSocket.prototype).toBe(TLSSocket.prototype)
  })
})
