import assert from 'node:assert/strict'
import { open } from '../../../docs/recipes/redis.ts'
import { ca, done, ports } from '../common.mjs'

const client = open({ host: 'localhost', port: ports.redis }, ca)
client.on('error', (error) => {
  throw error
})
await client.connect()
await client.set('name', 'value'.repeat(20_000))
assert.equal((await client.get('name')).length, 100_000)
await client.close()
done()
