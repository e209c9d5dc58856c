// Both ends of SMTP: smtp-server and nodemailer, by STARTTLS and with TLS from the start.
import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import nodemailer from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { ca, cert, done, key, listen, recipe } from '../common.mjs'

const received = []
const mail = { from: 'a@example.com', to: 'b@example.com', subject: 'hello', text: 'a line' }
for (const secure of recipe ? [true] : [false, true]) {
  const options = {
    secure,
    authOptional: true,
    onData: (stream, session, callback) => {
      text(stream)
        .then((body) => received.push([session.secure, body.includes('a line')]))
        .then(() => callback(), callback)
    },
  }
  let server
  if (recipe) {
    // The server's end is puretls's too: its connections are handed to a server without TLS.
    const { createServer } = await import('puretls/node')
    const smtp = new SMTPServer({ ...options, secure: false, disabledCommands: ['STARTTLS'] })
    server = createServer({ cert, key }, (socket) =>
      smtp.connect ? smtp.connect(socket) : smtp.server.emit('connection', socket),
    )
  } else {
    server = new SMTPServer({ ...options, cert, key }).server
  }
  const port = await listen(server)
  const transport = recipe
    ? recipe.transport({ host: 'localhost', port }, ca)
    : nodemailer.createTransport({ host: 'localhost', port, secure, requireTLS: true, tls: { ca } })
  assert.deepEqual((await transport.sendMail(mail)).accepted, ['b@example.com'])
}
assert.ok(received.every(([, complete]) => complete))
if (!recipe)
  assert.deepEqual(
    received.map(([secure]) => secure),
    [true, true],
  )
done()
