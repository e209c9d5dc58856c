// PostgreSQL: SSLRequest and one byte for an answer (its documentation, "Message Flow", SSL Session Encryption).

import type { ClearStream } from '../byte-stream.ts'
import { notOffered, notSpoken } from './protocol.ts'

const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f)

export const postgres = async (clear: ClearStream): Promise<void> => {
  await clear.write(SSL_REQUEST)
  const answer = (await clear.exactly(1)).toString('latin1')
  if (answer === 'N') throw notOffered('PostgreSQL')
  if (answer !== 'S') throw notSpoken('PostgreSQL', answer)
}
