import assert from 'node:assert/strict'
import pg from 'pg'
import { ca, done, ports, recipe } from '../common.mjs'

const login = { host: 'localhost', port: ports.postgres, user: 'tester', password: 'secret', database: 'postgres' }
const connect = async (ssl) => {
  const client = new pg.Client({ ...login, ssl })
  await client.connect()
  return client
}
const client = recipe ? await recipe.open(login, ca) : await connect({ ca })
const { rows } = await client.query('select ssl, version from pg_stat_ssl where pid = pg_backend_pid()')
assert.deepEqual(rows, [{ ssl: true, version: 'TLSv1.3' }])
const large = await client.query("select repeat('x', 1000000) as text")
assert.equal(large.rows[0].text.length, 1_000_000)
await client.end()
const strict = recipe ? recipe.open(login) : connect(true)
await assert.rejects(strict, { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
done()
