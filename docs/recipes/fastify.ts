// fastify: its option `serverFactory`.
import Fastify from 'fastify'
import { Agent, createHttpsServer } from 'puretls/node'

export const app = (identity: { cert: string; key: string }) =>
  Fastify({ serverFactory: (handler) => createHttpsServer(identity, handler) })
export const agent = (ca: string): Agent => new Agent({ ca })
