// What every entry point exports beside its connect() and createServer().

export type { Connect, ConnectOptions, DialOptions } from './connect.ts'
export type {
  AcceptOptions,
  CreateServer,
  CreateServerOptions,
  ListenOptions,
  OnConnection,
  TlsListener,
  TlsServer,
} from './server.ts'
export type { SocketAddress } from './sockets.ts'
export type { ClientCertificate, ConnectionOptions, TlsConnection } from './connection.ts'
export type { LoadIdentity } from './identity.ts'
export type { ConnectionInfo, EarlyDataRefusal } from './info.ts'
export type { DirectionSecrets, TrafficSecrets } from './traffic-secrets.ts'
export type {
  CertificateInput,
  CertificateOptions,
  CertificateRequestInfo,
  ClientAuthMode,
  ClientAuthOptions,
  ClientCertificateOptions,
  ClientHelloInfo,
  ClientHelloJson,
  ClientHelloOptions,
  ClientOptions,
  ClientPskOptions,
  ClientTls12Options,
  CommonOptions,
  ExternalPsk,
  FoundPsk,
  HelloSource,
  Identities,
  Identity,
  IdentityOptions,
  KeyInput,
  LimitOptions,
  PskMode,
  ServerEarlyDataOptions,
  ServerHelloOptions,
  ServerOptions,
  ServerPskOptions,
  SessionFacts,
  TicketOptions,
  TicketRequestOptions,
  Tls12Options,
  TracedRecord,
} from './options.ts'
export type { CertificateCompression } from './compression/codec.ts'
export type { KeyObjectLike } from './crypto/key-input.ts'
export type { CryptoProvider, Signer } from './crypto/provider.ts'
export type { PemOrDer } from './wire/pem.ts'
export { pair } from './stream/pair.ts'
export type { PairOptions } from './stream/pair.ts'
export type { AnyDuplex, ByteStream } from './stream/types.ts'
export type { EchClientOptions, EchKey, EchKeyRequest, EchKeys, EchServerOptions, GenerateEchKeys } from './ech.ts'
export type { AnyOf, CipherSuiteName, GroupName, ProtocolVersion, SignatureSchemeName } from './wire/names.ts'
export { TlsError } from './errors.ts'
export type { AlertName, Fault, TlsErrorCode } from './errors.ts'
export { dangerouslyAcceptAnyCertificate } from './x509/accept-any.ts'
export type { CertificateVerifier, ResumeRequest, VerifiedChain, VerifyRequest } from './x509/verifier.ts'
