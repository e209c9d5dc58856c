// The one door to @peculiar/x509, which throws on import unless a Reflect metadata polyfill was loaded first: so it is
// loaded here, before. The polyfill adds functions to the global Reflect; only this subpath pulls it in.

import 'reflect-metadata'

export {
  Extension,
  Name,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  X509CertificateGenerator,
} from '@peculiar/x509'
