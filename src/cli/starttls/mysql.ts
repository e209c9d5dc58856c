// MySQL and MariaDB: the server's handshake packet says whether it has TLS; SSLRequest is answered by TLS itself
// (MySQL's documentation, "Connection Phase").

import type { ClearStream } from '../byte-stream.ts'
import { notOffered, notSpoken } from './protocol.ts'

const CLIENT_SSL = 0x800
const PROTOCOL_41 = 0x200
const SECURE_CONNECTION = 1 << 15
const MAX_PACKET = 1 << 24
const UTF8 = 33

export const mysql = async (clear: ClearStream): Promise<void> => {
  const header = await clear.exactly(4)
  const length = header.readUIntLE(0, 3)
  if (length > 4096) throw notSpoken('MySQL', header.toString('latin1').replace(/[^ -~]/g, '.'))
  const packet = await clear.exactly(length)
  // A server that refuses the client sends an error packet in place of its handshake.
  if (packet[0] === 0xff)
    throw notOffered(
      'MySQL',
      packet
        .subarray(3)
        .toString('latin1')
        .replace(/[^ -~]/g, ''),
    )
  const nameEnd = packet.indexOf(0, 1)
  // protocol 10, version of the server, thread (4), scramble (8), filler (1), capabilities (2)
  const at = nameEnd + 1 + 4 + 8 + 1
  if (packet[0] !== 10 || nameEnd < 0 || packet.length < at + 2)
    throw notSpoken('MySQL', packet.toString('latin1').replace(/[^ -~]/g, '.'))
  if ((packet.readUInt16LE(at) & CLIENT_SSL) === 0) throw notOffered('MySQL')
  const request = Buffer.alloc(36)
  request.writeUIntLE(32, 0, 3)
  request[3] = 1
  request.writeUInt32LE(CLIENT_SSL | PROTOCOL_41 | SECURE_CONNECTION, 4)
  request.writeUInt32LE(MAX_PACKET, 8)
  request[12] = UTF8
  await clear.write(request)
}
