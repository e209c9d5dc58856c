// IMAP of Dovecot, by STARTTLS and with TLS from the start.
import assert from 'node:assert/strict'
import { open } from '../../../docs/recipes/imapflow.ts'
import { ca, done, ports } from '../common.mjs'

for (const [port, secure] of [
  [ports.imap, false],
  [ports.imaps, true],
]) {
  const auth = { user: 'tester', pass: 'secret' }
  const doSTARTTLS = secure ? undefined : true
  const client = open({ host: 'localhost', port, secure, doSTARTTLS, auth, logger: false }, ca)
  await client.connect()
  assert.equal(client.secureConnection, true)
  const lock = await client.getMailboxLock('INBOX')
  await client.append('INBOX', 'Subject: hello\r\n\r\na line')
  const { source } = await client.fetchOne('*', { source: true })
  assert.match(String(source), /a line/)
  lock.release()
  await client.logout()
}
done()
