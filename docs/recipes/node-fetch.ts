// node-fetch: its option `agent`, `fetch(url, { agent: agent(ca) })`.
import { Agent } from 'puretls/node'

export const agent = (ca: string): Agent => new Agent({ ca })
