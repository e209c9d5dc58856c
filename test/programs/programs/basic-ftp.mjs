// FTP with AUTH TLS: vsftpd takes a data connection only if it resumes the session of the control connection.
import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { Client } from 'basic-ftp'
import { ca, done, ports } from '../common.mjs'

for (const maxVersion of ['TLSv1.3', 'TLSv1.2']) {
  const client = new Client(10_000)
  await client.access({ host: 'localhost', port: ports.ftp, secure: true, secureOptions: { ca, maxVersion } })
  assert.equal(client.ftp.socket.getProtocol(), maxVersion)
  const sent = Buffer.alloc(1_000_000, maxVersion)
  await client.uploadFrom(Readable.from([sent]), `incoming/${maxVersion}`)
  assert.ok((await client.list('incoming')).some(({ name }) => name === maxVersion))
  const chunks = []
  const take = new Writable({ write: (chunk, _encoding, next) => next(null, chunks.push(chunk)) })
  await client.downloadTo(take, `incoming/${maxVersion}`)
  assert.ok(Buffer.concat(chunks).equals(sent))
  client.close()
}
done()
