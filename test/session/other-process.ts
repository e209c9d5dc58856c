// Another process, for identities.test.ts: resumes the session in its argument under a verifier of its own, or not.

import { nodeProvider } from '../../src/crypto/node.ts'
import { sharedTicketKeys } from '../../src/session/index.ts'
import { infoOf, meet } from '../fixtures/engines.ts'
import { anyCertificate } from '../fixtures/identities.ts'

const session = new Uint8Array(Buffer.from(process.argv[2] ?? '', 'base64'))
const protector = sharedTicketKeys({
  provider: nodeProvider,
  secret: new Uint8Array(32).fill(7),
  lifetimeSeconds: 604_800,
})
const { clientEvents } = await meet(
  { versions: { min: 'TLS 1.3' }, verifier: { verify: anyCertificate.verify }, session },
  { tickets: { protector } },
)
console.log(`resumed: ${infoOf(clientEvents).resumed}`)
