import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { ca, done, ports, recipe } from '../common.mjs'

const client = recipe
  ? recipe.open({ host: 'localhost', port: ports.redis }, ca)
  : new Redis({ host: 'localhost', port: ports.redis, tls: { ca } })
await client.set('other', 'value')
assert.equal(await client.get('other'), 'value')
await client.quit()
done()
