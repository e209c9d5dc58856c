// A message on one line: what it decides, in a few words.

import { describeCipherSuite, describeExtension, describeGroup, describeVersion } from './describe.ts'
import { findField, leavesOf } from './fields.ts'
import type { Field } from './fields.ts'
import { parseClientHello, readServerHello } from './hellos.ts'
import { decodeExtension, serverHelloExtensions, helloRetryRequestExtensions } from '../wire/extensions.ts'

/** `raw` is the whole message, `field` its tree. */
export const summaryOf = (raw: Uint8Array, field: Field): string => {
  try {
    return summaries[field.name]?.(raw, field) ?? ''
  } catch {
    return 'malformed'
  }
}

type Summary = (raw: Uint8Array, field: Field) => string

const joined = (...parts: readonly (string | false | undefined)[]): string => parts.filter((part) => part).join(', ')
const meaningOf = (field: Field, name: string): string | undefined => {
  const found = findField(field, name)
  return found?.meaning ?? (found?.value === undefined ? undefined : String(found.value))
}
const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`

/** The names of the extensions of a message. */
const extensionNames = (field: Field): readonly string[] => {
  const list = field.children.find(({ name }) => name === 'extensions')
  return (list?.children ?? []).flatMap((entry) => {
    const type = entry.children.find(({ name }) => name === 'type')
    return typeof type?.value === 'number' ? [describeExtension(type.value).name] : []
  })
}

const summaries: Readonly<Record<string, Summary>> = {
  ClientHello: (raw, field) => {
    const hello = parseClientHello(raw)
    const names = extensionNames(field)
    return joined(
      hello.serverName ?? 'no server name',
      hello.versions
        .map((id) => describeVersion(id).name)
        .filter((name) => name !== 'GREASE')
        .join(' or '),
      count(hello.cipherSuites.length, 'suite'),
      count(hello.groups.length, 'group'),
      hello.alpn.length > 0 && `ALPN ${hello.alpn.join(' ')}`,
      names.includes('pre_shared_key') && 'PSK',
      names.includes('early_data') && 'early data',
      names.includes('encrypted_client_hello') && 'ECH',
      names.includes('cookie') && 'cookie',
    )
  },
  ServerHello: (raw) => {
    const read = readServerHello(raw)
    if (!read) return 'malformed'
    const { hello, version, retry } = read
    const extensions = hello.extensions ?? []
    const group = retry
      ? decodeExtension(helloRetryRequestExtensions, 'key_share', extensions, 'HelloRetryRequest')
      : decodeExtension(serverHelloExtensions, 'key_share', extensions, 'ServerHello')
    const groupId = typeof group === 'object' ? group.group : group
    const psk = retry ? undefined : decodeExtension(serverHelloExtensions, 'pre_shared_key', extensions, 'ServerHello')
    return joined(
      retry && 'HelloRetryRequest',
      describeVersion(version).name,
      describeCipherSuite(hello.cipherSuite).name,
      groupId !== undefined && describeGroup(groupId).name,
      psk !== undefined && `PSK ${psk}`,
    )
  },
  EncryptedExtensions: (_, field) => joined(...extensionNames(field)) || 'no extensions',
  Certificate: (_, field) => {
    const subject = findField(field, 'subject')?.meaning
    const certificates = countNamed(field, 'Certificate') - 1
    return certificates === 0
      ? findField(field, 'SubjectPublicKeyInfo')
        ? 'a raw public key'
        : 'no certificate'
      : joined(subject || 'no subject', count(certificates, 'certificate'))
  },
  CertificateRequest: (_, field) => joined(...extensionNames(field)) || 'a certificate is asked for',
  CertificateVerify: (_, field) => meaningOf(field, 'scheme') ?? 'a signature',
  CertificateStatus: (_, field) => joined('OCSP', meaningOf(field, 'responseStatus')),
  CompressedCertificate: (_, field) =>
    joined(meaningOf(field, 'algorithm'), `${findField(field, 'uncompressedLength')?.value} bytes uncompressed`),
  ServerKeyExchange: (_, field) => {
    const prime = findField(field, 'dh_p')
    return joined(
      meaningOf(field, 'group'),
      prime && `DH of ${(prime.end - prime.start - 2) * 8} bits`,
      meaningOf(field, 'scheme'),
    )
  },
  ClientKeyExchange: (_, field) =>
    field.children
      .slice(2)
      .map(({ name }) => name)
      .join(', '),
  NewSessionTicket: (_, field) =>
    joined(
      meaningOf(field, 'lifetime') ?? meaningOf(field, 'lifetimeHint'),
      extensionNames(field).includes('early_data') &&
        `early data of ${leavesOf(field).find(({ name }) => name === 'early_data')?.value ?? '?'} bytes`,
    ),
  Finished: () => 'the handshake is what both saw',
  KeyUpdate: (_, field) =>
    findField(field, 'requestUpdate')?.value === true ? 'the peer is to update too' : 'no update is asked for',
  EndOfEarlyData: () => 'early data ends',
}

const countNamed = (field: Field, name: string): number =>
  (field.name === name ? 1 : 0) + field.children.reduce((sum, child) => sum + countNamed(child, name), 0)
