// node-imap with Dovecot, with TLS from the start and by STARTTLS.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import Imap from 'imap'
import { ca, done, ports } from '../common.mjs'

for (const way of [
  { port: ports.imaps, tls: true },
  { port: ports.imap, autotls: 'always' },
]) {
  const login = { user: 'tester', password: 'secret', host: 'localhost' }
  const imap = new Imap({ ...login, ...way, tlsOptions: { ca, servername: 'localhost' } })
  imap.connect()
  await once(imap, 'ready')
  const box = await new Promise((resolve, reject) =>
    imap.openBox('INBOX', (error, opened) => (error ? reject(error) : resolve(opened))),
  )
  assert.equal(box.name, 'INBOX')
  imap.end()
  await once(imap, 'close')
}
done()
