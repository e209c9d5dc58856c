// What hellos settle, read from their bytes without judging them: versions, suites, randoms, extensions.

import { requireBytes } from '../checked-options.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { clientHelloInfo } from '../options/hello-info.ts'
import type { ClientHelloInfo } from '../options.ts'
import { decodeExtension, clientHelloExtensions, serverHelloExtensions } from '../wire/extensions.ts'
import type { ExtensionTable, ExtensionValues, RawExtension } from '../wire/extensions.ts'
import { decodeMessage, isHelloRetryRequest, messages13 } from '../wire/messages.ts'
import type { ClientHello, ServerHello } from '../wire/messages.ts'
import { HOST_NAME } from '../wire/numbers.ts'
import { extensionTypes, TLS12 } from '../wire/registry.ts'
import type { ExtensionName } from '../wire/registry.ts'

/** One extension's value; undefined if it is not there or is malformed. */
const valueOf = <T extends ExtensionTable, K extends keyof T & ExtensionName>(
  table: T,
  name: K,
  extensions: readonly RawExtension[] | undefined,
): ExtensionValues<T>[K] | undefined => {
  try {
    return decodeExtension(table, name, extensions ?? [], 'hello')
  } catch {
    return undefined
  }
}

/** A ClientHello as an application sees it, from the whole handshake message. Extensions that are malformed count
 * as empty. Throws `decode_error` if the message itself is. Without a provider that hashes, toJSON() has no JA3
 * and JA4. */
export const parseClientHello = (raw: Uint8Array, provider?: CryptoProvider): ClientHelloInfo => {
  requireBytes(raw, 'ClientHello')
  const hello = decodeMessage(messages13, 'ClientHello', raw)
  const value = <K extends keyof typeof clientHelloExtensions>(name: K) =>
    valueOf(clientHelloExtensions, name, hello.extensions)
  return clientHelloInfo(
    {
      serverName: value('server_name')?.find(({ nameType }) => nameType === HOST_NAME)?.name,
      alpn: value('application_layer_protocol_negotiation') ?? [],
      cipherSuites: hello.cipherSuites,
      versions: value('supported_versions') ?? [Math.min(hello.legacyVersion, TLS12)],
      groups: value('supported_groups') ?? [],
      signatureSchemes: value('signature_algorithms') ?? [],
      raw,
    },
    provider ?? noHashes,
  )
}

const noHashes: CryptoProvider = {
  name: 'none',
  suites: [],
  groups: [],
  verifiers: [],
  hashes: {},
  random: (length) => new Uint8Array(length),
  signer: () => {
    throw new RangeError('this provider signs nothing')
  },
}

export const readServerHello = (
  raw: Uint8Array,
): { readonly hello: ServerHello; readonly version: number; readonly retry: boolean } | undefined => {
  try {
    const hello = decodeMessage(messages13, 'ServerHello', raw)
    const retry = isHelloRetryRequest(hello)
    const version = valueOf(serverHelloExtensions, 'supported_versions', hello.extensions) ?? hello.legacyVersion
    return { hello, version, retry }
  } catch {
    return undefined
  }
}

export const readClientHelloMessage = (raw: Uint8Array): ClientHello | undefined => {
  try {
    return decodeMessage(messages13, 'ClientHello', raw)
  } catch {
    return undefined
  }
}

export const offers = (
  hello: { readonly extensions: readonly RawExtension[] | undefined },
  name: ExtensionName,
): boolean => (hello.extensions ?? []).some(({ type }) => type === extensionTypes[name])
