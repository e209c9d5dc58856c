// express: its app is the listener of an HTTPS server.
import type { Express } from 'express'
import { Agent, createHttpsServer } from 'puretls/node'

export const server = (app: Express, identity: { cert: string; key: string }) => createHttpsServer(identity, app)
export const agent = (ca: string): Agent => new Agent({ ca })
