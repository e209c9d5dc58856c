// got: its option `agent.https`.
import got from 'got'
import { Agent } from 'puretls/node'

export const client = (ca: string) => got.extend({ agent: { https: new Agent({ ca }) } })
