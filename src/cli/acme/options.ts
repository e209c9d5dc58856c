// The options that `puretls acme` and `puretls serve --acme` share.

import { flag, text } from '../command.ts'

export const acmeOptions = {
  directory: text('URL', "the ACME server (default: Let's Encrypt)"),
  staging: flag("Let's Encrypt's server for tests, whose certificates nobody trusts"),
  email: text('ADDRESS', 'where the CA writes to'),
  agree: flag("agrees to the CA's terms of service, which is needed once"),
  acmeCa: text('FILE', "trusts these certificates for the ACME server's own TLS"),
  storage: text('FOLDER', 'where accounts and certificates are kept (default: `acme` in the configuration folder)'),
}
