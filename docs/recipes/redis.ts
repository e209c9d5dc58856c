// redis (node-redis) opens TLS by node:tls alone: `node --import puretls/node/register app.ts`.
import { createClient } from 'redis'

export const open = (address: { host: string; port: number }, ca: string) =>
  createClient({ socket: { ...address, tls: true, ca } })
