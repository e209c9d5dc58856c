// nats, over WebSocket: its option `wsFactory`. Its TCP transport opens TLS by node:tls alone: for that, as always,
// `node --import puretls/node/register app.ts`.
import { wsconnect } from '@nats-io/transport-node'
import { Agent } from 'puretls/node'
import { WebSocket } from 'ws'

export const open = (url: string, ca: string) =>
  wsconnect({
    servers: url,
    wsFactory: (address) => ({ socket: new WebSocket(address, { agent: new Agent({ ca }) }), encrypted: true }),
  })
