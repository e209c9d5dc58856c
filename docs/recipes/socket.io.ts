// socket.io-client: its option `agent`, `io(url, { agent: agent(ca) })`; as a server,
// `new Server(createHttpsServer({ cert, key }))`.
import { Agent } from 'puretls/node'

export const agent = (ca: string): Agent => new Agent({ ca })
