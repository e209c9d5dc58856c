// What every entry point exports beside its connect() and createServer().

export type { Connect, ConnectOptions } from './connect.ts'
export type { CreateServer, CreateServerOptions, TlsServer } from './server.ts'
export type { ClientCertificate, ConnectionOptions, TlsConnection } from './connection.ts'
export type { LoadIdentity } from './identity.ts'
export type { ConnectionInfo } from './info.ts'
export type {
  CertificateInput, CertificateRequestInfo, ClientAuthMode, ClientAuthOptions, ClientHelloInfo, ClientOptions, CommonOptions,
  ExternalPsk, FoundPsk, Identities, Identity, IdentityOptions, KeyInput, ServerOptions, TicketOptions, TracedRecord,
} from './options.ts'
export type { CertificateCompression } from './compression/codec.ts'
export type { KeyObjectLike } from './crypto/key-input.ts'
export type { CryptoProvider, Signer } from './crypto/provider.ts'
export type { PemOrDer } from './wire/pem.ts'
export { pair } from './stream/pair.ts'
export type { PairOptions } from './stream/pair.ts'
export type { AnyDuplex, ByteStream } from './stream/types.ts'
export { generateEchKeys } from './ech.ts'
export type { EchClientOptions, EchKey, EchKeyRequest, EchKeys, EchServerOptions } from './ech.ts'
export { TlsError } from './errors.ts'
export type { AlertName, Fault, TlsErrorCode } from './errors.ts'
export type { CertificateVerifier, VerifiedChain, VerifyRequest } from './x509/verifier.ts'
