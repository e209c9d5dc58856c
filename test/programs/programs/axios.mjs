import assert from 'node:assert/strict'
import https from 'node:https'
import axios from 'axios'
import { ca, done, httpsServer, recipe } from '../common.mjs'

const { origin } = await httpsServer()
const client = recipe ? recipe.client(ca) : axios.create({ httpsAgent: new https.Agent({ ca }) })
assert.equal((await client.get(`${origin}/axios`)).data, 'you asked for /axios')
if (!recipe) await assert.rejects(axios.get(origin), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
done()
