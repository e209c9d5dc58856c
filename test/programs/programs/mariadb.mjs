import assert from 'node:assert/strict'
import mariadb from 'mariadb'
import { ca, done, ports } from '../common.mjs'

const login = { host: 'localhost', port: ports.mariadb, user: 'tester', password: 'secret' }
const pool = mariadb.createPool({ ...login, ssl: { ca }, connectionLimit: 2 })
const rows = await pool.query("show status like 'Ssl_version'")
assert.equal(rows[0].Value, 'TLSv1.3')
assert.equal((await pool.query("select repeat('x', 500000) as text"))[0].text.length, 500_000)
await pool.end()
const strict = mariadb.createConnection({ ...login, ssl: true })
await assert.rejects(strict, { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
done()
