// mysql builds its TLSSocket by the constructor and starts it by a method that is not documented.
import assert from 'node:assert/strict'
import { promisify } from 'node:util'
import mysql from 'mysql'
import { ca, done, ports } from '../common.mjs'

const login = { host: 'localhost', port: ports.mariadb, user: 'tester', password: 'secret' }
for (const ssl of [{ ca }, { rejectUnauthorized: false }]) {
  const connection = mysql.createConnection({ ...login, ssl })
  const query = promisify(connection.query.bind(connection))
  assert.equal((await query("show status like 'Ssl_version'"))[0].Value, 'TLSv1.3')
  assert.equal((await query("select repeat('x', 500000) as text"))[0].text.length, 500_000)
  await promisify(connection.end.bind(connection))()
}
const strict = mysql.createConnection({ ...login, ssl: { rejectUnauthorized: true } })
await assert.rejects(promisify(strict.connect.bind(strict))(), { code: 'HANDSHAKE_SSL_ERROR' })
done()
