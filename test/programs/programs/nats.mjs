import assert from 'node:assert/strict'
import { connect } from '@nats-io/transport-node'
import { ca, done, ports, recipe } from '../common.mjs'

const connection = recipe
  ? await recipe.open(`wss://localhost:${ports.natsWebSocket}`, ca)
  : await connect({ servers: `tls://localhost:${ports.nats}`, tls: { ca }, reconnect: false })
const subscription = connection.subscribe('subject', { max: 1 })
connection.publish('subject', 'hello')
for await (const message of subscription) assert.equal(message.string(), 'hello')
await connection.drain()
done()
