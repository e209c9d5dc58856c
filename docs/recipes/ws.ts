// ws: its option `agent`; as a server, `new WebSocketServer({ server: createHttpsServer({ cert, key }) })`.
import { Agent } from 'puretls/node'
import { WebSocket } from 'ws'

export const open = (url: string, ca: string) => new WebSocket(url, { agent: new Agent({ ca }) })
