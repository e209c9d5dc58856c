// ALPNProtocols in its wire format (RFC 7301 section 3.1), as node:tls checks it.

import { expect, it } from 'vitest'
import { protocolNames } from '../../src/node/alpn.ts'

it('names come out of a list and out of the wire format', () => {
  expect(protocolNames(['h2', 'http/1.1'])).toEqual(['h2', 'http/1.1'])
  expect(protocolNames(Buffer.from('\x02h2\x08http/1.1'))).toEqual(['h2', 'http/1.1'])
  expect(protocolNames(undefined)).toEqual([])
})

it('a name that is cut off or empty is refused', () => {
  expect(() => protocolNames(Buffer.from('\x02h2\x03ab'))).toThrow('contains truncated protocol')
  expect(() => protocolNames(Buffer.from('\x02h2\x00'))).toThrow('must not contain zero-length protocol')
})
