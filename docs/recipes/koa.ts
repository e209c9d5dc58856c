// koa and hono. `createServer({ cert, key }, app.callback())`; hono has the option `createServer` of its serve().
import { Agent, createHttpsServer as createServer } from 'puretls/node'

export { createServer }
export const agent = (ca: string): Agent => new Agent({ ca })
