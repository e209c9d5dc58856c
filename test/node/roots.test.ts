// Authorities that are trusted where `ca` is not given, and the functions of node:tls that show and set them.

import * as nodeTls from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createCa } from '../../src/pki/index.ts'

const one = (await createCa({ name: 'One' })).certificatePem
const two = (await createCa({ name: 'Two' })).certificatePem
const der = (pem: string): Buffer => Buffer.from(/-----BEGIN [^-]*-----([^-]*)/.exec(pem)?.[1] ?? '', 'base64')

afterEach(() => {
  vi.doUnmock('../../src/node/native.ts')
  vi.resetModules()
})

/** Nothing was set before. */
const load = async () => {
  vi.resetModules()
  return import('../../src/node/roots.ts')
}
const code = (name: string) => expect.objectContaining({ code: name })

describe('getCACertificates()', () => {
  it('shows what node:tls shows, and refuses the same', async () => {
    const { getCACertificates, rootCertificates } = await load()
    for (const type of ['default', 'bundled', 'system', 'extra'] as const)
      expect(getCACertificates(type)).toEqual(nodeTls.getCACertificates(type))
    expect(getCACertificates()).toEqual(nodeTls.getCACertificates())
    expect(rootCertificates()).toEqual(nodeTls.rootCertificates)
    expect(() => getCACertificates(1)).toThrow(code('ERR_INVALID_ARG_TYPE'))
    expect(() => getCACertificates('other')).toThrow("The argument 'type' is invalid. Received 'other'")
  })
  it('on a Node without it shows the bundled ones, and no others', async () => {
    vi.resetModules()
    vi.doMock('../../src/node/native.ts', () => ({
      native: { getCACertificates: undefined, tls: { rootCertificates: [one] } },
    }))
    const { getCACertificates, rootCertificates } = await import('../../src/node/roots.ts')
    expect([getCACertificates('bundled'), rootCertificates()]).toEqual([[one], [one]])
    expect([getCACertificates('system'), getCACertificates('extra')]).toEqual([[], []])
    expect(getCACertificates('default').length).toBeGreaterThan(50)
  })
})

describe('setDefaultCACertificates()', () => {
  it('replaces the trusted ones, each once, and shows them frozen and the same each time', async () => {
    const { defaultRoots, getCACertificates, setDefaultCACertificates } = await load()
    expect(defaultRoots().anchors.length).toBeGreaterThan(50)
    setDefaultCACertificates([one, Buffer.from(one + two), one])
    const shown = getCACertificates('default')
    expect(shown.map((pem) => der(pem))).toEqual([der(one), der(two)])
    expect(Object.isFrozen(shown)).toBe(true)
    expect(getCACertificates()).toBe(shown)
    expect(getCACertificates('bundled').length).toBeGreaterThan(50)
    expect(defaultRoots().anchors.map(({ certificate }) => Buffer.from(certificate?.der ?? []))).toEqual([
      der(one),
      der(two),
    ])
    expect(defaultRoots()).toBe(defaultRoots())
    setDefaultCACertificates([])
    expect([getCACertificates(), defaultRoots().anchors]).toEqual([[], []])
  })
  it('refuses what is no certificate as node:tls does, and keeps what was', async () => {
    const { getCACertificates, setDefaultCACertificates } = await load()
    setDefaultCACertificates([two])
    const before = getCACertificates()
    expect(() => setDefaultCACertificates(one)).toThrow(code('ERR_INVALID_ARG_TYPE'))
    expect(() => setDefaultCACertificates([one, 1])).toThrow('The "certs[1]" argument must be of type string or an')
    expect(() => setDefaultCACertificates(['text', der(one)])).toThrow(code('ERR_CRYPTO_OPERATION_FAILED'))
    const broken = one.replace(/\n.*\n/, '\nAAAA\n')
    expect(() => setDefaultCACertificates([one, broken])).toThrow(code('ERR_OSSL_PEM_ASN1_LIB'))
    expect(getCACertificates()).toBe(before)
  })
})
