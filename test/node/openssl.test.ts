// Which of OpenSSL's rules count: by the version that the runtime says it has.

import { afterEach, expect, it } from 'vitest'
import { isOpenSslAtLeast } from '../../src/node/openssl.ts'

const { versions } = process
afterEach(() => {
  Object.defineProperty(process, 'versions', { value: versions })
})

it.each([
  ['3.2.0', true],
  ['3.1.9', false],
  ['3.10.1+quic', true],
  ['4.0.0', true],
  ['2.9.9', false],
  ['1.1.1t', false],
  [undefined, true],
])('OpenSSL %s is at least 3.2: %s', (openssl, result) => {
  Object.defineProperty(process, 'versions', { value: { ...versions, openssl }, configurable: true })
  expect(isOpenSslAtLeast(3, 2)).toBe(result)
})
