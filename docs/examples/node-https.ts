// node:https on puretls: as the client by its agent, as the server by createHttpsServer().
import * as https from 'node:https'
import { text } from 'node:stream/consumers'
import { Agent, createHttpsServer } from 'puretls/node'
import type { Server } from 'puretls/node'

export const get = (url: string, ca: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const agent = new Agent({ ca })
    https.get(url, { agent }, (response) => resolve(text(response))).on('error', reject)
  })

export const serve = (cert: string, key: string): Server =>
  createHttpsServer({ cert, key }, (request, response) => response.end(`you asked for ${request.url}`))
