// What a ClientHello says, in numbers.

/** What a ClientHello says. Numbers are as offered, GREASE included. */
export interface ClientHelloFields {
  readonly serverName: string | undefined
  readonly alpn: readonly string[]
  readonly cipherSuites: readonly number[]
  readonly versions: readonly number[]
  readonly groups: readonly number[]
  readonly signatureSchemes: readonly number[]
  /** Types in order. */
  readonly extensions: readonly number[]
  /** The whole handshake message, header included. */
  readonly raw: Uint8Array
}
