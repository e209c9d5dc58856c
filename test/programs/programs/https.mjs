import assert from 'node:assert/strict'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { ca, done, httpsServer, recipe } from '../common.mjs'

const { origin } = await httpsServer()
const agent = recipe ? recipe.agent(ca) : new https.Agent({ ca, keepAlive: true })
const get = (path) =>
  new Promise((resolve, reject) => {
    https.get(origin + path, { agent }, (response) => resolve(text(response))).on('error', reject)
  })
for (const path of ['/a', '/b']) assert.equal(await get(path), `you asked for ${path}`)
done()
