// One machine of the fleet: a puretls server in a process of its own. It shares a ticket secret and a Redis with the
// others, answers "resumed" or "full" to each connection, and tells its parent how often it accepted early data.

import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createServer } from '../../src/index.node.ts'
import { redisStore, sharedReplayGuard, sharedTicketKeys, withTimeout } from '../../src/session/index.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { ecdsa } from '../fixtures/identities.ts'

const environment = (name: string): string => process.env[name] ?? ''

const redis = new Redis({
  host: '127.0.0.1',
  port: Number(environment('FLEET_REDIS')),
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => 50,
})
redis.on('error', () => {}) // down for a while is what the test is about

const tls = createServer({
  ...ecdsa,
  tickets: { protector: sharedTicketKeys({ provider: nodeProvider, secret: fromHex(environment('FLEET_SECRET')) }) },
  earlyData: { maxBytes: 16384, replayGuard: sharedReplayGuard({ store: withTimeout(redisStore(redis), 500) }) },
})

let accepted = 0
let failed = 0
const listener = net.createServer((socket) => {
  tls.accept(socket, { onEarlyData: () => accepted++ }).then(
    async (connection) => {
      await connection.write(new TextEncoder().encode(connection.info.resumed ? 'resumed' : 'full'))
      await connection.close()
    },
    () => failed++,
  )
})
listener.listen(0, '127.0.0.1', () => process.send?.({ port: (listener.address() as AddressInfo).port }))

process.on('message', () => process.send?.({ accepted, failed }))
process.on('disconnect', () => process.exit(0))
