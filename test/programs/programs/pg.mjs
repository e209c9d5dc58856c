import assert from 'node:assert/strict'
import pg from 'pg'
import { ca, done, ports } from '../common.mjs'

const client = new pg.Client({
  host: 'localhost',
  port: ports.postgres,
  user: 'tester',
  password: 'secret',
  database: 'postgres',
  ssl: { ca },
})
await client.connect()
const { rows } = await client.query('select ssl, version from pg_stat_ssl where pid = pg_backend_pid()')
assert.deepEqual(rows, [{ ssl: true, version: 'TLSv1.3' }])
const large = await client.query("select repeat('x', 1000000) as text")
assert.equal(large.rows[0].text.length, 1_000_000)
await client.end()
const strict = new pg.Client({
  host: 'localhost',
  port: ports.postgres,
  user: 'tester',
  password: 'secret',
  database: 'postgres',
  ssl: true,
})
await assert.rejects(strict.connect(), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
done()
