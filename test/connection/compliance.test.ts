// The same suite with the real engine: TLS 1.3 over every shape of stream, with a provider that answers later, and TLS
// 1.2.

import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { clientOf, serverOf } from '../fixtures/engines.ts'
import { compliance } from '../stream/compliance.ts'
import { lineKinds } from '../stream/duplexes.ts'

for (const lineKind of lineKinds) {
  compliance(lineKind, { name: 'TLS 1.3', client: () => clientOf(), server: () => serverOf() })
}

for (const lineKind of lineKinds.slice(0, 3)) {
  const provider = webcryptoProvider
  compliance(lineKind, {
    name: 'TLS 1.3 with crypto.subtle',
    client: () => clientOf({ provider }),
    server: () => serverOf({ provider }),
  })
}

for (const lineKind of lineKinds.slice(0, 3)) {
  const versions = { max: 'TLS 1.2' } as const
  compliance(lineKind, { name: 'TLS 1.2', client: () => clientOf({ versions }), server: () => serverOf({ versions }) })
}
