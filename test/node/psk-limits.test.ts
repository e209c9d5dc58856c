// What pskCallback may answer on either side: as node:tls checks it.

import { describe, expect, it } from 'vitest'
import { clientPsk, serverPsk } from '../../src/node/psk.ts'

const key = (length: number): Buffer => Buffer.alloc(length, 7)
const code = (name: string) => expect.objectContaining({ code: name })

describe('a client', () => {
  it('has a key of 512 bytes and an identity of 256 at the most, counted in UTF-8', () => {
    const identity = 'ü'.repeat(128)
    expect(clientPsk({ psk: key(512), identity })).toEqual({ identity, key: new Uint8Array(512).fill(7) })
    expect(() => clientPsk({ psk: key(513), identity })).toThrow('Pre-shared key exceeds 512 bytes')
    expect(() => clientPsk({ psk: key(1), identity: `${identity}x` })).toThrow('PSK identity exceeds 256 bytes')
  })
  it('may have none, and nothing of another type', () => {
    expect([clientPsk(null), clientPsk(undefined)]).toEqual([undefined, undefined])
    expect(() => clientPsk('text')).toThrow(code('ERR_INVALID_ARG_TYPE'))
    expect(() => clientPsk({ psk: 'text', identity: 'x' })).toThrow(code('ERR_INVALID_ARG_TYPE'))
    expect(() => clientPsk({ psk: key(1), identity: 1 })).toThrow(code('ERR_INVALID_ARG_TYPE'))
  })
})

describe('a server', () => {
  it('answers with a key, alone or in an object, of 512 bytes at the most', () => {
    const answer = { key: new Uint8Array(512).fill(7), allowShort: true }
    expect(serverPsk(key(512))).toEqual(answer)
    expect(serverPsk({ psk: key(512) })).toEqual(answer)
    expect(() => serverPsk(key(513))).toThrow('Pre-shared key exceeds 512 bytes')
    expect(() => serverPsk({ psk: key(513) })).toThrow(code('ERR_INVALID_ARG_VALUE'))
  })
  it('may know none, and nothing of another type', () => {
    expect([serverPsk(null), serverPsk(undefined)]).toEqual([undefined, undefined])
    expect(() => serverPsk('text')).toThrow(code('ERR_INVALID_ARG_TYPE'))
    expect(() => serverPsk({})).toThrow(code('ERR_INVALID_ARG_TYPE'))
  })
})
