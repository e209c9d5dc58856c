// Web streams ({ readable, writable }) as a ByteStream: workers' sockets, WebSocketStream, TransformStreams,
// WebTransport.

import { TlsError } from '../errors.ts'
import { asBytes } from './chunk.ts'
import { defer, done, handled, ignore } from './defer.ts'
import type { ByteStream, WebDuplex } from './types.ts'

/** Throws `wrong_state` if one of the two is locked: its reader or writer has to be released first. */
export const fromWeb = ({ readable, writable }: WebDuplex): ByteStream => {
  if (readable.locked || writable.locked) {
    const which = readable.locked ? 'readable' : 'writable'
    throw new TlsError(
      'wrong_state',
      `stream: its ${which} side is locked; release the reader or writer that has it (releaseLock)`,
    )
  }
  const reader = readable.getReader()
  const writer = writable.getWriter()
  for (const promise of [reader.closed, writer.closed, writer.ready]) promise.catch(ignore)
  const failed = defer<unknown>()
  writer.closed.catch(failed.resolve)
  return {
    failed: failed.promise,
    closed: reader.closed,
    read: () => reader.read().then(({ done: ended, value }) => (ended ? null : asBytes(value))),
    write: (data) => {
      const written = handled(writer.write(data))
      return (writer.desiredSize ?? 0) > 0 ? done : written
    },
    close: () => handled(writer.close()),
    abort: (reason) => {
      writer.abort(reason).catch(ignore)
      reader.cancel(reason).catch(ignore)
    },
  }
}
