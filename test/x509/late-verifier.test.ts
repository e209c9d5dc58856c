// A verifier that is loaded with the first chain: judges as the loaded one does, and before that lets nothing pass.

import { describe, expect, it } from 'vitest'
import type { Certificate } from '../../src/x509/certificate.ts'
import { lateVerifier } from '../../src/x509/late-verifier.ts'
import type { CertificateVerifier, VerifyRequest } from '../../src/x509/verifier.ts'

const leaf = {} as Certificate
const request: VerifyRequest = { chain: [Uint8Array.of(1)], peer: 'server', serverName: 'a.test', time: 0 }
const loaded: CertificateVerifier = {
  verify: ({ serverName }) => {
    if (serverName !== 'a.test') throw new Error('another name')
    return { leaf, chain: [leaf] }
  },
  recall: () => leaf,
  fingerprint: 'loaded',
}

describe('a late verifier', () => {
  it('has no fingerprint and no leaf before it is loaded, and those of the loaded one after that', async () => {
    let loads = 0
    const late = lateVerifier(() => {
      loads += 1
      return Promise.resolve(loaded)
    })
    expect([late.fingerprint, late.recall?.(Uint8Array.of(1))]).toEqual([undefined, undefined])
    expect(await late.verify(request)).toEqual({ leaf, chain: [leaf] })
    expect([late.fingerprint, late.recall?.(Uint8Array.of(1))]).toEqual(['loaded', leaf])
    const before = loads
    expect(late.verify(request)).toEqual({ leaf, chain: [leaf] })
    expect(loads).toBe(before)
  })

  it('refuses what the loaded one refuses', async () => {
    await expect(lateVerifier(async () => loaded).verify({ ...request, serverName: 'b.test' })).rejects.toThrow('name')
    expect(() => lateVerifier(() => loaded).verify({ ...request, serverName: 'b.test' })).toThrow('another name')
  })

  it('that cannot be loaded refuses, and says why', async () => {
    const late = lateVerifier(() => Promise.reject(new Error('no such file')))
    expect([late.fingerprint, late.recall?.(Uint8Array.of(1))]).toEqual([undefined, undefined])
    await expect(late.verify(request)).rejects.toThrow('no such file')
  })
})
