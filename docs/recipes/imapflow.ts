// imapflow opens TLS by node:tls alone: `node --import puretls/node/register app.ts`.
import { ImapFlow } from 'imapflow'
import type { ImapFlowOptions } from 'imapflow'

export const open = (login: ImapFlowOptions, ca: string) =>
  // `doSTARTTLS: true` in `login` for STARTTLS, `secure: true` for TLS from the start.
  new ImapFlow({ ...login, tls: { ca } })
