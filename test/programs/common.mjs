// What the programs share: the files of certificates, ports of servers started for them, an HTTPS server to ask.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'

/** What the test hands over: paths of PEM files, ports, and how puretls comes in (`register` or `plug`). */
export const { mode, files, ports = {} } = JSON.parse(process.argv[2] ?? '{}')
export const ca = readFileSync(files.ca, 'utf8')
export const cert = readFileSync(files.cert, 'utf8')
export const key = readFileSync(files.key, 'utf8')
/** The recipe of docs/recipes in the mode `plug`, else nothing. */
export const recipe = mode === 'plug' ? await import(`../../docs/recipes/${files.recipe}.ts`) : undefined

export const listen = async (server) => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

/** An HTTPS server that tells what it was asked; in the mode `plug` puretls's, by name. */
export const httpsServer = async (listener) => {
  const make = mode === 'plug' ? (await import('puretls/node')).createHttpsServer : createServer
  const server = make({ cert, key }, listener ?? ((request, response) => response.end(`you asked for ${request.url}`)))
  const port = await listen(server)
  return { server, port, origin: `https://localhost:${port}` }
}

export const done = () => {
  console.log('ok')
  process.exit()
}
