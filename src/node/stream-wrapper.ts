// The class of net.Socket that Node itself puts around a stream that is no socket, so that its native parts can use it.
// It is not exported: node:tls's handle for such a stream leads to it, which is also the way that other libraries go.

import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

import { native } from './native.ts'

type WrapperClass = new (stream: Duplex) => Socket

let found: WrapperClass | false | undefined

/** Undefined on runtimes that have none or need none (Bun, Deno). */
export const wrapperClass = (): WrapperClass | undefined => {
  found ??= findWrapperClass() ?? false
  return found || undefined
}

const findWrapperClass = (): WrapperClass | undefined => {
  if ('Bun' in globalThis || 'Deno' in globalThis) return undefined
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  const probe = new native.TLSSocket(stream as Socket, { secureContext: native.createSecureContext() })
  probe.on('error', () => undefined)
  const wrapper: unknown = Reflect.get(Object(Reflect.get(probe, '_handle')), '_parentWrap')
  probe.destroy()
  return typeof wrapper === 'object' && wrapper !== null ? (wrapper.constructor as WrapperClass) : undefined
}
