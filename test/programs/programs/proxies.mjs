// HTTPS through a proxy that is reached in plain and over TLS (TLS in TLS): by the option and the variables of Node itself,
// by https-proxy-agent and by undici. NODE_EXTRA_CA_CERTS has the authority.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer, get as getPlain, setGlobalProxyFromEnv } from 'node:http'
import https from 'node:https'
import { connect as dial } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { EnvHttpProxyAgent, fetch as undiciFetch, ProxyAgent } from 'undici'
import { ca, done, httpsServer, listen, recipe } from '../common.mjs'

const { origin, port } = await httpsServer()
let asked = []
const proxied = (server) =>
  server.on('connect', (request, socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim())
    const upstream = dial(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    for (const side of [socket, upstream]) side.on('error', () => undefined)
  })
const answer = (request, response) => response.end(`the proxy was asked for ${request.url}`)
const plain = `http://user:word@localhost:${await listen(proxied(createServer(answer)))}`
const overTls = await httpsServer(answer)
proxied(overTls.server)
const secure = `https://user:word@localhost:${overTls.port}`
const authorization = `Basic ${Buffer.from('user:word').toString('base64')}`

const get = (path, options) =>
  new Promise((resolve, reject) => {
    https.get(`${origin}${path}`, options, (response) => resolve(text(response))).on('error', reject)
  })
/** Whether the request went through the proxy, and how often. */
const through = async (name, request, tunnels = 1) => {
  asked = []
  assert.equal(await request(`/${name}`), `you asked for /${name}`, name)
  assert.deepEqual(asked, Array(tunnels).fill(`localhost:${port} ${authorization}`), name)
}
/** A process of its own with the variables, which asks by node:https and by fetch. */
const fromTheStart = (env) => async (path) => {
  const script = `
    const https = require('node:https')
    const { text } = require('node:stream/consumers')
    const url = ${JSON.stringify(origin + path)}
    https.get(url, async (response) => {
      const [first, second] = [await text(response), await (await fetch(url)).text()]
      console.log(first === second ? first : 'different answers')
      process.exit()
    })`
  const options = { env: { ...process.env, ...env, NODE_USE_ENV_PROXY: '1' } }
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, '-e', script], options)
  return stdout.trim()
}
const byUndici = (dispatcher) => async (path) => (await undiciFetch(`${origin}${path}`, { dispatcher })).text()

const makeAgent = recipe?.agent ?? ((proxyEnv, ca) => new https.Agent({ ca, proxyEnv, keepAlive: true }))
for (const proxy of [plain, secure]) {
  const env = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy }
  const none = { ...env, NO_PROXY: 'localhost' }
  const agent = makeAgent(env, ca)
  await through('proxyEnv', (path) => get(path, { agent }))
  await through('proxyEnv-again', (path) => get(path, { agent }), 0)
  await through('proxyEnv-none', (path) => get(path, { agent: makeAgent(none, ca) }), 0)
  const other = get('/refused', { agent: makeAgent(env, ca), servername: 'other.example' })
  await assert.rejects(other, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  if (recipe) {
    await through('undici', byUndici(recipe.dispatcher(env, ca)))
    await through('undici-none', byUndici(recipe.dispatcher(none, ca)), 0)
    continue
  }

  const restore = setGlobalProxyFromEnv(env)
  await through('variables', (path) => get(path, {}))
  await through('variables-fetch', async (path) => (await fetch(`${origin}${path}`)).text())
  const inPlain = await new Promise((resolve, reject) => {
    getPlain('http://plain.example/path', (response) => resolve(text(response))).on('error', reject)
  })
  assert.equal(inPlain, 'the proxy was asked for http://plain.example/path')
  restore()
  await through('variables-from-the-start', fromTheStart(env), 2)

  await through('https-proxy-agent', (path) => get(path, { agent: new HttpsProxyAgent(proxy, { ca }), ca }))
  const tls = { requestTls: { ca }, proxyTls: { ca } }
  await through('undici', byUndici(new ProxyAgent({ uri: proxy, ...tls })))
  await through('undici-variables', byUndici(new EnvHttpProxyAgent({ httpsProxy: proxy, ...tls })))
}
done()
