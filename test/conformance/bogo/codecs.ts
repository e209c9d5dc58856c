// The runner's own algorithms for certificate compression: one that expands, one that shrinks, and one that never gives
// the same bytes twice, so that a message compressed again for the transcript would show. options.ts calls it.

import { nodeProvider } from '../../../src/crypto/node.ts'
import type { CertificateCompression } from '../../../src/compression/codec.ts'
import { concat, equalBytes } from '../../../src/wire/bytes.ts'
import { type Flags, numberOf } from './flags.ts'

const mark = Uint8Array.of(1, 2, 3, 4)
const zeros = new Uint8Array(2)

/** `data` without the `prefix` that it has to begin with. */
const without = (prefix: Uint8Array, data: Uint8Array): Uint8Array => {
  if (!equalBytes(data.subarray(0, prefix.length), prefix)) throw new Error('a wrong prefix')
  return data.subarray(prefix.length)
}

const all: readonly CertificateCompression[] = [
  { id: 0xff02, name: 'expanding', compress: (data) => concat(mark, data), decompress: (data) => without(mark, data) },
  {
    id: 0xff01,
    name: 'shrinking',
    compress: (data) => without(zeros, data),
    decompress: (data) => concat(zeros, data),
  },
  {
    id: 0xff03,
    name: 'random',
    compress: (data) => concat(nodeProvider.random(1), data),
    decompress: (data) => data.subarray(1),
  },
]

export const certificateCodecs = (flags: Flags): readonly CertificateCompression[] =>
  flags.on.has('install-cert-compression-algs')
    ? all
    : all.filter(({ id }) => id === numberOf(flags, 'install-one-cert-compression-alg'))
