// puretls on Node, Bun and Deno: the node:crypto provider and the runtime's own root certificates.

import { rootCertificates } from 'node:tls'
import { connectWith } from './connect.ts'
import type { Connect } from './connect.ts'
import { nodeProvider } from './crypto/node.ts'
import { defaultsWith } from './defaults.ts'
import { createServerWith } from './server.ts'
import type { CreateServer } from './server.ts'
import { trustStore } from './x509/trust.ts'

const defaults = defaultsWith(nodeProvider, () => trustStore([...rootCertificates], { skipUnreadable: true }))

export const connect: Connect = connectWith(defaults)
export const createServer: CreateServer = createServerWith(defaults)
export * from './exports.ts'
