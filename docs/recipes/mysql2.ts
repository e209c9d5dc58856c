// mysql2 opens TLS by node:tls alone: `node --import puretls/node/register app.ts`.
import mysql from 'mysql2/promise'

export const open = (login: mysql.ConnectionOptions, ca: string) => mysql.createConnection({ ...login, ssl: { ca } })
