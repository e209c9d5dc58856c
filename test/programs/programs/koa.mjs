// koa and hono: the application as the listener of an HTTPS server.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import Koa from 'koa'
import { ca, cert, done, key, listen, recipe } from '../common.mjs'

const createServer = recipe?.createServer ?? https.createServer
const agent = recipe ? recipe.agent(ca) : new https.Agent({ ca })
const get = (port) =>
  new Promise((resolve, reject) => {
    https.get(`https://localhost:${port}/path`, { agent }, (response) => resolve(text(response))).on('error', reject)
  })

const koa = new Koa().use((context) => {
  context.body = `${context.protocol} ${context.secure} ${context.ip} ${context.path}`
})
assert.equal(await get(await listen(createServer({ cert, key }, koa.callback()))), 'https true 127.0.0.1 /path')
const hono = new Hono().all('/path', async (context) =>
  context.text(`${context.req.url} ${(await context.req.text()).length}`),
)
const started = serve({ fetch: hono.fetch, createServer, serverOptions: { cert, key }, port: 0, hostname: '127.0.0.1' })
await once(started, 'listening')
const { port } = started.address()
assert.equal(await get(port), `https://localhost:${port}/path 0`)

if (!recipe) {
  const second = await listen(http2.createSecureServer({ cert, key }, koa.callback()))
  const session = http2.connect(`https://localhost:${second}`, { ca })
  assert.equal(await text(session.request({ ':path': '/path' })), 'https true 127.0.0.1 /path')
}
done()
