// External pre-shared keys on a server of TLS 1.3 (RFC 9846 section 4.3.11, RFC 9258).

import type { ActiveSuite } from '../../config.ts'
import type { Flow } from '../flow.ts'
import { readImportedIdentity, serverPsk } from '../key-exchange/external-psk.ts'
import type { UsablePsk } from '../key-exchange/external-psk.ts'
import { lookUpPsk, pskBinding } from './psk-lookup.ts'
import type { ReceivedHello, ServerHandshake } from './received-hello.ts'

/** The application's key for this identity: as it is, or through the importer of RFC 9258. */
export function* externalPsk(
  hs: ServerHandshake,
  hello: ReceivedHello,
  identity: Uint8Array,
  suite: ActiveSuite,
): Flow<(UsablePsk & { readonly keyBinding: string }) | undefined> {
  const { config } = hs
  if (!config.psk) return undefined
  const { provider } = config
  const plain = yield* lookUpPsk(config, hello, { identity, imported: undefined })
  const imported = plain ? undefined : readImportedIdentity(identity, suite.hash)
  const name = imported && { identity: imported.externalIdentity, imported: { context: imported.context } }
  const found = plain ?? (name && (yield* lookUpPsk(config, hello, name)))
  const usable = found && serverPsk(provider, identity, found, suite.hash, imported)
  if (!usable) return undefined
  return {
    ...usable,
    keyBinding: pskBinding(provider, { ...(name ?? { identity, imported: undefined }), key: found.key }),
  }
}
