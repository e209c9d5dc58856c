// http-proxy: its option `agent` for the servers behind it; in front,
// `createHttpsServer(identity, (request, response) => proxy.web(request, response))`.
import { Agent } from 'puretls/node'

export const agent = (ca: string): Agent => new Agent({ ca })
