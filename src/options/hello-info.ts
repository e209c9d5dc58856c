// A ClientHello as an application sees it: what onClientHello, identity functions and the ConnectionInfo of a server
// have.

import type { CryptoProvider } from '../crypto/provider.ts'
import { toHex } from '../wire/bytes.ts'
import { decodeMessage, messages13 } from '../wire/messages.ts'
import {
  cipherSuiteName,
  extensionName,
  isGrease,
  namedGroupName,
  signatureSchemeName,
  versionName,
} from '../wire/registry.ts'
import { ja3, ja4 } from './fingerprint.ts'
import type { ClientHelloFields } from './hello-fields.ts'

export type { ClientHelloFields } from './hello-fields.ts'

/** A ClientHello as an application sees it. `JSON.stringify()` of it is fit for a log. */
export interface ClientHelloInfo extends ClientHelloFields {
  /** Names in addition to numbers, JA3 and JA4; with `{ raw: true }` the message as well. */
  toJSON(options?: { readonly raw?: boolean } | string): ClientHelloJson
}

/** A number of the wire and its name; 'GREASE' for reserved values, and the number in hex where there is no name. */
export interface NamedNumber {
  readonly id: number
  readonly name: string
}

/** What `ClientHelloInfo.toJSON()` gives. */
export interface ClientHelloJson {
  readonly serverName: string | undefined
  readonly alpn: readonly string[]
  readonly versions: readonly NamedNumber[]
  readonly cipherSuites: readonly NamedNumber[]
  readonly groups: readonly NamedNumber[]
  readonly signatureSchemes: readonly NamedNumber[]
  readonly extensions: readonly NamedNumber[]
  /** Undefined if the provider has no MD5. */
  readonly ja3: string | undefined
  readonly ja4: string | undefined
  /** The whole handshake message in hex, if asked for. */
  readonly raw?: string
}

/** Where a ClientHello came from: what accept() was given. */
export interface HelloSource {
  /** The stream, as it was given to accept(); with listen(), the socket. Undefined for an engine. */
  readonly stream: unknown
  /** The `context` that was given to accept(); with listen(), the peer's address. */
  readonly context: unknown
}

/** What it says besides its extensions, whose types are read out of `raw` when somebody asks. */
export const clientHelloInfo = (
  fields: Omit<ClientHelloFields, 'extensions'>,
  provider: CryptoProvider,
): ClientHelloInfo => new HelloInfo(fields, provider)

/** A server keeps one for each connection. toJSON() does not count among the fields, and `extensions` does. */
class HelloInfo implements ClientHelloInfo {
  readonly serverName: string | undefined
  readonly alpn: readonly string[]
  readonly cipherSuites: readonly number[]
  readonly versions: readonly number[]
  readonly groups: readonly number[]
  readonly signatureSchemes: readonly number[]
  declare readonly extensions: readonly number[]
  readonly raw: Uint8Array
  readonly #provider: CryptoProvider
  #types: readonly number[] | undefined

  constructor(fields: Omit<ClientHelloFields, 'extensions'>, provider: CryptoProvider) {
    this.serverName = fields.serverName
    // copies: lists that grew while they were read have room for more
    this.alpn = fields.alpn.slice()
    this.cipherSuites = fields.cipherSuites.slice()
    this.versions = fields.versions.slice()
    this.groups = fields.groups.slice()
    this.signatureSchemes = fields.signatureSchemes.slice()
    Object.defineProperty(this, 'extensions', HelloInfo.#extensions)
    this.raw = fields.raw
    this.#provider = provider
  }

  /** One function for all: a list has 16,000 types if the client likes, and few callers look. */
  static readonly #extensions: PropertyDescriptor & ThisType<HelloInfo> = {
    enumerable: true,
    get() {
      return (this.#types ??= extensionsOf(this.raw))
    },
  }

  toJSON(options?: { readonly raw?: boolean } | string): ClientHelloJson {
    return helloJson(this, this.#provider, options)
  }
}

const extensionsOf = (raw: Uint8Array): readonly number[] =>
  (decodeMessage(messages13, 'ClientHello', raw).extensions ?? []).map(({ type }) => type)

const helloJson = (
  hello: ClientHelloFields,
  provider: CryptoProvider,
  options?: { readonly raw?: boolean } | string,
): ClientHelloJson => ({
  serverName: hello.serverName,
  alpn: hello.alpn,
  versions: named(hello.versions, versionName),
  cipherSuites: named(hello.cipherSuites, cipherSuiteName),
  groups: named(hello.groups, namedGroupName),
  signatureSchemes: named(hello.signatureSchemes, signatureSchemeName),
  extensions: named(hello.extensions, extensionName),
  ja3: provider.hashes.md5 && ja3(hello, provider),
  ja4: provider.hashes.sha256 && ja4(hello, provider),
  ...(typeof options === 'object' && options.raw && { raw: toHex(hello.raw) }),
})

const named = (ids: readonly number[], nameOf: (id: number) => string): readonly NamedNumber[] =>
  ids.map((id) => ({ id, name: isGrease(id) ? 'GREASE' : nameOf(id) }))
