// nodemailer: its option `getSocket`, for SMTP that is over TLS from the start.
import nodemailer from 'nodemailer'
import { connect } from 'puretls/node'

export const transport = (address: { host: string; port: number }, ca: string) =>
  nodemailer.createTransport({
    ...address,
    secure: true,
    getSocket: (_options, callback) => {
      const connection = connect({ ...address, ca })
      connection.once('secureConnect', () => callback(null, { connection, secured: true }))
      connection.once('error', callback)
    },
  })
