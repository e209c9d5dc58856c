// `puretls serve`: what `openssl s_server` is asked for, a server of files, and a proxy that ends TLS.

import { defineCommand, duration, flag, list, text } from '../command.ts'
import type { Command } from '../command.ts'
import { acmeOptions } from '../acme/options.ts'
import { caOptions } from '../cert/options.ts'
import { schema } from '../schema.ts'

const named = schema.array(schema.object({ id: schema.integer(), name: schema.string() }))

export const serve: Command = defineCommand({
  name: 'serve',
  summary: 'serves files over HTTPS, ends TLS for a server behind, or sends back what it gets',
  text: [
    'Certificates are those of --cert, of which each client gets the one for the name it asks for; files ' +
      'that change are read again. ' +
      'Without --cert they are made on the spot: by the local CA for any name, or self-signed for localhost ' +
      'where there is no CA.',
    'It listens on localhost unless told otherwise. Hidden files are not served, nor what is outside the folder.',
  ],
  args: [
    { name: 'DIR', help: 'the folder whose files are served, by HTTP/1.1 and HTTP/2 (default: the one it runs in)' },
  ],
  options: {
    listen: text('[HOST:]PORT', 'where to listen; *:PORT for all addresses, port 0 for any (default: localhost:8443)'),
    proxy: text('HOST:PORT', 'carries on in the clear to this server'),
    echo: flag('sends back what it gets'),
    route: list('NAME=HOST:PORT', 'carries connections for this name (SNI) on to this server'),
    list: flag('lists folders that have no index.html'),
    cert: list('FILE', 'a certificate chain, PEM or DER; several for several names'),
    key: list('FILE', 'the private key of each (default: in the file of --cert)'),
    password: text('SOURCE', 'of encrypted keys: pass:WORDS, env:NAME or file:PATH'),
    ocsp: list('FILE', 'an OCSP response to staple, of each'),
    acme: list('NAME', 'gets and renews the certificate of this name by ACME; listen where the CA looks, port 443'),
    ...acmeOptions,
    strictSni: flag('refuses names that no certificate has'),
    ...caOptions,
    clientCa: list('FILE', 'asks clients for certificates of these CAs, and refuses those without'),
    clientCaOptional: flag('lets clients in that show none'),
    alpn: list('NAMES', 'application protocols, in order of preference (files: h2,http/1.1)'),
    tls12: flag('TLS 1.2 only'),
    tls13: flag('TLS 1.3 only'),
    ticketKey: text('FILE', 'a secret of 32 bytes that all servers of a fleet share, for session tickets'),
    reload: duration('TIME', 'how often files of certificates are looked at (default: 2s)'),
    idle: duration('TIME', 'ends connections without data for so long (default: 60s)'),
    inspect: flag('prints the ClientHello of each connection, with JA3 and JA4'),
    keylog: text('FILE', 'appends the secrets for Wireshark (SSLKEYLOGFILE)'),
  },
  examples: [
    { run: 'puretls serve . --listen 8443', says: 'the files of this folder, on https://localhost:8443/' },
    {
      run: 'puretls serve --proxy 127.0.0.1:8080 --listen 8443 --cert server.pem --key server-key.pem',
      says: 'TLS for a server that has none',
    },
    { run: 'puretls serve --echo --listen 8443 --inspect --json', says: 'who connects, for a program' },
    { run: 'puretls serve . --listen 8443 --client-ca ca.pem', says: 'for clients with a certificate of ca.pem only' },
  ],
  schema: schema.anyOf(
    schema.object({
      event: { const: 'listening' },
      host: schema.string(),
      port: schema.integer(),
      serving: schema.string(),
      certificates: schema.string(),
    }),
    schema.object({
      event: { const: 'request' },
      method: schema.string(),
      url: schema.string(),
      status: schema.integer(),
      version: schema.string(),
    }),
    schema.object({
      event: { const: 'acme' },
      what: schema.oneOf(['issued', 'failed', 'stapled']),
      name: schema.string(),
      message: schema.string(),
    }),
    schema.object({ event: { const: 'reloaded' }, certificates: schema.string() }),
    schema.object({
      event: { const: 'failure' },
      peer: schema.nullable(schema.string()),
      code: schema.string(),
      message: schema.string(),
    }),
    schema.object({
      event: { const: 'hello' },
      peer: schema.nullable(schema.string()),
      hello: schema.object({
        'serverName?': schema.string(),
        alpn: schema.array(schema.string()),
        versions: named,
        cipherSuites: named,
        groups: named,
        signatureSchemes: named,
        extensions: named,
        'ja3?': schema.string(),
        'ja4?': schema.string(),
      }),
    }),
  ),
  exits: ['input'],
  run: async (context) => (await import('../serve/run.ts')).runServe(context, context.options),
})
