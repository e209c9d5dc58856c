// puretls anywhere else (browsers, workers, React Native): WebCrypto where the runtime has it, @noble for the rest.
// Such runtimes show no root certificates: give `ca`, or Mozilla's list from puretls/roots.

import { connectWith } from './connect.ts'
import type { Connect } from './connect.ts'
import { webcryptoLateProvider } from './crypto/webcrypto-late.ts'
import { defaultsWith, verifierFor } from './defaults.ts'
import { generateEchKeysBy } from './ech.ts'
import type { GenerateEchKeys } from './ech.ts'
import { loadIdentityWith } from './identity.ts'
import type { LoadIdentity } from './identity.ts'
import { createServerWith } from './server.ts'
import type { CreateServer } from './server.ts'

const defaults = defaultsWith(webcryptoLateProvider, verifierFor(undefined))

/** Speaks TLS as the client, over a stream or to `host:port`. */
export const connect: Connect = connectWith(defaults)
/** Makes a server of options. */
export const createServer: CreateServer = createServerWith(defaults)
/** A certificate chain and its key, read and checked once. See {@link LoadIdentity}. */
export const loadIdentity: LoadIdentity = loadIdentityWith(webcryptoLateProvider)
/** Keys for Encrypted Client Hello, with the provider of this runtime unless one is given. */
export const generateEchKeys: GenerateEchKeys = generateEchKeysBy(webcryptoLateProvider)
export * from './exports.ts'
