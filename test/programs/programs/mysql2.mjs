import assert from 'node:assert/strict'
import { open } from '../../../docs/recipes/mysql2.ts'
import { ca, done, ports } from '../common.mjs'

const connection = await open({ host: 'localhost', port: ports.mariadb, user: 'tester', password: 'secret' }, ca)
const [rows] = await connection.query("show status like 'Ssl_version'")
assert.deepEqual(rows, [{ Variable_name: 'Ssl_version', Value: 'TLSv1.3' }])
const [[{ text }]] = await connection.query("select repeat('x', 500000) as text")
assert.equal(text.length, 500_000)
await connection.end()
done()
