import assert from 'node:assert/strict'
import https from 'node:https'
import express from 'express'
import { text } from 'node:stream/consumers'
import { ca, cert, done, key, listen, recipe } from '../common.mjs'

const app = express()
app.get('/hello/:name', (request, response) =>
  response.json({ hello: request.params.name, secure: request.secure, protocol: request.protocol }),
)
const server = recipe ? recipe.server(app, { cert, key }) : https.createServer({ cert, key }, app)
const port = await listen(server)
const agent = recipe ? recipe.agent(ca) : new https.Agent({ ca })
const body = await new Promise((resolve, reject) => {
  https.get({ port, path: '/hello/you', agent }, (response) => resolve(text(response))).on('error', reject)
})
assert.deepEqual(JSON.parse(body), { hello: 'you', secure: true, protocol: 'https' })
done()
