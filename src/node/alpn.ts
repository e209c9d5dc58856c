// ALPNProtocols as node:tls takes them: names, or names with a length byte before each (RFC 7301 section 3.1).

import { bytesOfView, codedError, invalidArgValue, isView } from './node-errors.ts'

/** tls.convertALPNProtocols(): writes the wire format into `out.ALPNProtocols`. */
export const convertALPNProtocols = (protocols: unknown, out: { ALPNProtocols?: unknown }): void => {
  if (Array.isArray(protocols)) out.ALPNProtocols = encode(protocols)
  else if (isView(protocols)) {
    const copy = Buffer.from(bytesOfView(protocols))
    check(copy)
    out.ALPNProtocols = copy
  }
}

const encode = (protocols: readonly unknown[]): Buffer =>
  Buffer.concat(
    protocols.map((protocol, index) => {
      const name = Buffer.alloc(Buffer.byteLength(protocol as string)) // throws ERR_INVALID_ARG_TYPE
      name.write(protocol as string)
      if (name.length === 0) throw invalidArgValue(`protocols[${index}]`, protocol, 'must be a non-empty string')
      if (name.length > 255) {
        const what = `The byte length of the protocol at index ${index} exceeds the maximum length.`
        throw codedError(RangeError, 'ERR_OUT_OF_RANGE', `${what} It must be <= 255. Received ${name.length}`)
      }
      return Buffer.concat([Uint8Array.of(name.length), name])
    }),
  )

const check = (wire: Buffer): void => {
  for (let at = 0; at < wire.length; at += 1 + (wire[at] ?? 0)) {
    const length = wire[at] ?? 0
    if (length === 0) throw invalidArgValue('ALPNProtocols', wire, 'must not contain zero-length protocol')
    if (at + 1 + length > wire.length) throw invalidArgValue('ALPNProtocols', wire, 'contains truncated protocol')
  }
}

/** Names out of either form. */
export const protocolNames = (protocols: unknown): readonly string[] => {
  const out: { ALPNProtocols?: unknown } = {}
  convertALPNProtocols(protocols, out)
  const wire = out.ALPNProtocols
  if (!(wire instanceof Uint8Array)) return []
  const names: string[] = []
  for (let at = 0; at < wire.length; at += 1 + (wire[at] ?? 0)) {
    names.push(Buffer.from(wire.subarray(at + 1, at + 1 + (wire[at] ?? 0))).toString('latin1'))
  }
  return names
}
