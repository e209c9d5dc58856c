// mongodb opens TLS by node:tls alone: `node --import puretls/node/register app.ts`.
import { MongoClient } from 'mongodb'

export const open = (url: string, ca: string) => new MongoClient(url, { tls: true, ca })
