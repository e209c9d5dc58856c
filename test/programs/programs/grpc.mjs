import assert from 'node:assert/strict'
import grpc from '@grpc/grpc-js'
import { ca, cert, done, key, listen, recipe } from '../common.mjs'

const text = {
  requestSerialize: Buffer.from,
  requestDeserialize: String,
  responseSerialize: Buffer.from,
  responseDeserialize: String,
}
const service = {
  say: { path: '/Echo/say', requestStream: false, responseStream: false, ...text },
  count: { path: '/Echo/count', requestStream: false, responseStream: true, ...text },
}
const server = new grpc.Server()
server.addService(service, {
  say: (call, callback) => callback(null, `you said ${call.request}`),
  count: (call) => {
    for (let at = 0; at < Number(call.request); at += 1) call.write(String(at))
    call.end()
  },
})
const bind = () => {
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }
  const credentials = grpc.ServerCredentials.createSsl(Buffer.from(ca), [pair], false)
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
  })
}
const port = recipe ? await listen(recipe.serve(server, { cert, key })) : await bind()
const Echo = grpc.makeGenericClientConstructor(service, 'Echo')
const credentials = recipe
  ? new recipe.TlsCredentials({ ca, servername: 'localhost' })
  : grpc.credentials.createSsl(Buffer.from(ca))
const client = new Echo(`localhost:${port}`, credentials)
const said = await new Promise((resolve, reject) => {
  client.say('hello', (error, answer) => (error ? reject(error) : resolve(answer)))
})
assert.equal(said, 'you said hello')
const counted = []
for await (const item of client.count('20')) counted.push(item)
assert.equal(counted.length, 20)
client.close()
done()
