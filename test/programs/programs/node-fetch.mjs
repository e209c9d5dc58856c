import assert from 'node:assert/strict'
import https from 'node:https'
import fetch from 'node-fetch'
import { ca, done, httpsServer, recipe } from '../common.mjs'

const { origin } = await httpsServer()
const agent = recipe ? recipe.agent(ca) : new https.Agent({ ca })
assert.equal(await (await fetch(`${origin}/fetch`, { agent })).text(), 'you asked for /fetch')
done()
