// node:https as the client of a server, by its option `agent`.
import { Agent } from 'puretls/node'

export const agent = (ca: string): Agent => new Agent({ ca, keepAlive: true })
