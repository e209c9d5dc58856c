// Recognises a duplex by its shape and makes a ByteStream of it, whichever kind it is.

import { adaptAs, byteStreams, iterableStreams, messageStreams, nodeStreams, webStreams } from './kinds.ts'
import type { AnyDuplex, ByteStream } from './types.ts'

/** Throws `bad_option` for something that is no duplex, and `wrong_state` for one that somebody else is reading.
 * `alternative`: what the caller takes as well. */
export const adapt = (stream: AnyDuplex, alternative = ''): ByteStream => adaptAs(stream, kinds, known + alternative)

const kinds = [messageStreams, nodeStreams, byteStreams, webStreams, iterableStreams]

const known =
  '{ read, write, close, abort }, { readable, writable } (web streams), a Node duplex, { source, sink }, ' +
  'or a message stream'
