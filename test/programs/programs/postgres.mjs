import assert from 'node:assert/strict'
import postgres from 'postgres'
import { ca, done, ports, recipe } from '../common.mjs'

const login = {
  host: 'localhost',
  port: ports.postgres,
  user: 'tester',
  password: 'secret',
  database: 'postgres',
  max: 2,
}
const sql = recipe ? recipe.open(login, ca) : postgres({ ...login, ssl: { ca } })
const rows = await sql`select ssl, version from pg_stat_ssl where pid = pg_backend_pid()`
assert.deepEqual([...rows], [{ ssl: true, version: 'TLSv1.3' }])
await sql.end()
done()
