// `puretls cert show` and `puretls cert convert`: whatever is in a file, told apart by what it is and not by its name.

import { parseRequest } from '../../pki/csr.ts'
import { encryptPrivateKey } from '../../pki/encrypted-key.ts'
import { readPkcs12 } from '../../pki/pkcs12.ts'
import { createPkcs12 } from '../../pki/pkcs12-writer.ts'
import { signerFor } from '../../crypto/key-input.ts'
import { nodeProvider } from '../../crypto/node.ts'
import { TlsError } from '../../errors.ts'
import { decodePem, encodePem, pemTextOf } from '../../wire/pem.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { issuerCertificates } from '../../x509/certs-only.ts'
import { parseCrl } from '../../x509/crl.ts'
import type { Crl } from '../../x509/crl.ts'
import { certificateText } from '../../inspect/print-certificate.ts'
import { certificateJson, certificateLines, keyText } from '../certificates.ts'
import type { Context, Options } from '../command.ts'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput, writeOutput } from '../files.ts'
import type { Io } from '../io.ts'
import { passwordOf, readKey } from '../keys.ts'

export type Content =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'request'; readonly request: ReturnType<typeof parseRequest> }
  | { readonly kind: 'crl'; readonly crl: Crl }
  | { readonly kind: 'key'; readonly type: string; readonly pem: string }
  | { readonly kind: 'encrypted key' }

/** All there is in a file: PEM blocks, or DER of one thing, PKCS#12 included. Throws CliError for what is nothing
 * of that. */
export const contentsOf = async (io: Io, path: string, password: string | undefined): Promise<readonly Content[]> => {
  const bytes = await readInput(io, path)
  if (bytes.length === 0) throw new CliError('input', `${path}: it is empty`)
  const text = pemTextOf(bytes)
  try {
    const found = text === undefined ? await ofDer(io, bytes, password) : await ofPem(text)
    if (found.length > 0) return found
  } catch (error) {
    if (error instanceof TlsError)
      throw new CliError('input', `${path}: ${error.message}`, { code: error.code, cause: error })
    throw error
  }
  throw new CliError('input', `${path}: there is no certificate, request, CRL, key or PKCS#12 in it`)
}

const ofPem = async (text: string): Promise<readonly Content[]> => {
  const found: Content[] = []
  for (const { label, bytes } of decodePem(text)) {
    if (/^(X509 |TRUSTED )?CERTIFICATE$/.test(label))
      found.push({ kind: 'certificate', certificate: parseCertificate(bytes) })
    else if (/CERTIFICATE REQUEST$/.test(label)) found.push({ kind: 'request', request: parseRequest(bytes) })
    else if (label === 'X509 CRL') found.push({ kind: 'crl', crl: parseCrl(bytes) })
    else if (label === 'PKCS7' || label === 'CMS')
      found.push(
        ...issuerCertificates(bytes).map((der): Content => ({
          kind: 'certificate',
          certificate: parseCertificate(der),
        })),
      )
    else if (label === 'ENCRYPTED PRIVATE KEY') found.push({ kind: 'encrypted key' })
    else if (label.endsWith('PRIVATE KEY')) found.push(await keyContent(encodePem(label, bytes)))
  }
  return found
}

const keyContent = async (pem: string | Uint8Array): Promise<Content> => {
  const signer = await signerFor(pem, nodeProvider)
  const type = signer.publicKey === undefined ? 'private key' : keyText({ publicKey: signer.publicKey })
  return { kind: 'key', type, pem: typeof pem === 'string' ? pem : encodePem('PRIVATE KEY', pem) }
}

/** DER says itself what it is only by what it can be read as. */
const ofDer = async (io: Io, bytes: Uint8Array, password: string | undefined): Promise<readonly Content[]> => {
  const readers: readonly (() => readonly Content[] | Promise<readonly Content[]>)[] = [
    () => [{ kind: 'certificate', certificate: parseCertificate(bytes) }],
    () => [{ kind: 'request', request: parseRequest(bytes) }],
    () => [{ kind: 'crl', crl: parseCrl(bytes) }],
    async () => [await keyContent(bytes)],
    () =>
      issuerCertificates(bytes).map((der): Content => ({ kind: 'certificate', certificate: parseCertificate(der) })),
  ]
  for (const read of readers) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof TlsError)) throw error
    }
  }
  return looksLikePkcs12(bytes) ? ofPkcs12(io, bytes, password) : []
}

/** PFX ::= SEQUENCE { version INTEGER 3, ... */
const looksLikePkcs12 = (bytes: Uint8Array): boolean => {
  const [tag, length = 0] = bytes
  const at = length < 0x80 ? 2 : 2 + (length & 0x7f)
  return tag === 0x30 && bytes[at] === 2 && bytes[at + 1] === 1 && bytes[at + 2] === 3
}

const ofPkcs12 = async (io: Io, bytes: Uint8Array, password: string | undefined): Promise<readonly Content[]> => {
  if (password === undefined) {
    throw new CliError('input', 'it is a PKCS#12 file, which has a password', {
      code: 'encrypted',
      remedy: 'give it: --password pass:WORDS, env:NAME or file:PATH',
    })
  }
  const { certificates, privateKeyPem } = await readPkcs12(bytes, await passwordOf(io, password))
  return [
    ...certificates.map((der): Content => ({ kind: 'certificate', certificate: parseCertificate(der) })),
    ...(privateKeyPem === undefined ? [] : [await keyContent(privateKeyPem)]),
  ]
}

const time = (value: number | undefined): string | null => (value === undefined ? null : new Date(value).toISOString())

const jsonOf = async (content: Content, now: number): Promise<unknown> => {
  if (content.kind === 'certificate')
    return { kind: 'certificate', certificate: certificateJson(content.certificate, now) }
  if (content.kind === 'request') {
    const { request } = content
    return {
      kind: 'request',
      subject: request.subject.toString(),
      names: request.names.map(({ kind, value }) => `${kind}:${String(value)}`),
      key: keyText(request),
      signed: await request.verify(),
    }
  }
  if (content.kind === 'crl') {
    const { crl } = content
    return {
      kind: 'crl',
      issuer: crl.issuer.toString(),
      thisUpdate: time(crl.thisUpdate),
      nextUpdate: time(crl.nextUpdate),
      revoked: [...crl.entries].map(([serialNumber, entry]) => ({
        serialNumber,
        at: time(entry.revocationDate),
        reason: entry.reason ?? null,
      })),
    }
  }
  return content.kind === 'key' ? { kind: 'key', type: content.type } : { kind: 'encrypted key' }
}

const linesOf = async (
  content: Content,
  { io, out }: Context<Options>,
  asText: boolean,
): Promise<readonly string[]> => {
  const { style } = out
  if (content.kind === 'certificate') {
    return asText
      ? [certificateText(content.certificate).trimEnd()]
      : certificateLines(certificateJson(content.certificate, io.clock()), style)
  }
  if (content.kind === 'request') {
    const { request } = content
    return [
      `${style.bold(request.subject.toString() || '(no subject)')}, a certificate request`,
      ...(request.names.length === 0
        ? []
        : [`  names      ${request.names.map(({ value }) => String(value)).join(', ')}`]),
      `  key        ${keyText(request)}`,
      (await request.verify()) ? '  signed by that key' : `  ${style.red('not signed by that key')}`,
    ]
  }
  if (content.kind === 'crl') {
    const { crl } = content
    const entries = [...crl.entries]
    return [
      `CRL of ${style.bold(crl.issuer.toString())}`,
      `  from ${time(crl.thisUpdate)} to ${time(crl.nextUpdate) ?? 'no end'}, ${entries.length} revoked`,
      ...entries
        .slice(0, 100)
        .map(([serialNumber, entry]) =>
          ['', serialNumber, time(entry.revocationDate) ?? '', entry.reason ?? ''].join('  ').trimEnd(),
        ),
    ]
  }
  return content.kind === 'key' ? [`private key, ${style.bold(content.type)}`] : ['private key, encrypted']
}

export const runShow = async (
  context: Context<Options>,
  flags: { readonly text: boolean; readonly password: string | undefined },
): Promise<ExitCode> => {
  const { io, out, args } = context
  const found = (await Promise.all(args.map((path) => contentsOf(io, path, flags.password)))).flat()
  await out.json({ contents: await Promise.all(found.map((content) => jsonOf(content, io.clock()))) })
  for (const [at, content] of found.entries()) {
    await out.print(...(at > 0 ? [''] : []), ...(await linesOf(content, context, flags.text)))
  }
  return exitCodes.ok
}

export const runConvert = async (
  { io, out, args }: Context<Options>,
  flags: {
    readonly to: 'pem' | 'der' | 'p12' | undefined
    readonly out: string | undefined
    readonly key: string | undefined
    readonly password: string | undefined
    readonly newPassword: string | undefined
    readonly name: string | undefined
    readonly force: boolean
    readonly chainOnly: boolean
  },
): Promise<ExitCode> => {
  const found = (await Promise.all(args.map((path) => contentsOf(io, path, flags.password)))).flat()
  const target = flags.out ?? '-'
  const to = flags.to ?? (/\.(p12|pfx)$/i.test(target) ? 'p12' : /\.(der|cer)$/i.test(target) ? 'der' : 'pem')
  const keys = found.flatMap((content) => (content.kind === 'key' ? [content.pem] : []))
  if (flags.key !== undefined) {
    const key = await readKey(io, flags.key, flags.password)
    keys.push(typeof key === 'string' ? key : encodePem('PRIVATE KEY', key))
  }
  const newPassword = flags.newPassword === undefined ? undefined : await passwordOf(io, flags.newPassword)
  const written = flags.chainOnly ? found.filter(({ kind }) => kind === 'certificate') : found
  const data = await { pem: toPem, der: toDer, p12: toPkcs12 }[to](
    written,
    flags.chainOnly ? [] : keys,
    newPassword,
    flags.name,
  )
  const isSecret = keys.length > 0 && !flags.chainOnly
  if (target === '-') await out.raw(data)
  else {
    await writeOutput(io, target, data, { mode: isSecret ? 0o600 : 0o644, force: flags.force })
    await out.json({
      file: target,
      format: to,
      certificates: found.filter(({ kind }) => kind === 'certificate').length,
      hasKey: isSecret,
    })
    await out.print(
      `${target}: ${to}, ${found.filter(({ kind }) => kind === 'certificate').length} ` +
        `certificates${isSecret ? ' and a private key' : ''}`,
    )
  }
  return exitCodes.ok
}

type Writer = (
  found: readonly Content[],
  keys: readonly string[],
  password: string | undefined,
  name: string | undefined,
) => Promise<string | Uint8Array>

const toPem: Writer = async (found, keys, password) => {
  const parts = found.flatMap((content) => {
    if (content.kind === 'certificate') return [content.certificate.toPem()]
    if (content.kind === 'request') return [encodePem('CERTIFICATE REQUEST', content.request.der)]
    return content.kind === 'crl' ? [encodePem('X509 CRL', content.crl.der)] : []
  })
  const secrets = await Promise.all(
    keys.map((key) => (password === undefined ? key : encryptPrivateKey(key, password))),
  )
  return [...parts, ...secrets].join('')
}

const toDer: Writer = async (found, keys) => {
  const all = [
    ...found.flatMap((content) => {
      if (content.kind === 'certificate') return [content.certificate.der]
      if (content.kind === 'request') return [content.request.der]
      return content.kind === 'crl' ? [content.crl.der] : []
    }),
    ...keys.flatMap((key) => decodePem(key).map(({ bytes }) => bytes)),
  ]
  const [first] = all
  if (first === undefined || all.length > 1)
    throw usage(`convert: DER is for one thing, and there are ${all.length}; take --to p12 or --to pem`)
  return first
}

const toPkcs12: Writer = async (found, keys, password, name) => {
  if (password === undefined)
    throw usage('convert: a PKCS#12 file has a password: --new-password pass:WORDS, env:NAME or file:PATH')
  const [key] = keys
  return createPkcs12({
    cert: found.flatMap((content) => (content.kind === 'certificate' ? [content.certificate.der] : [])),
    password,
    ...(key === undefined ? {} : { key }),
    ...(name === undefined ? {} : { friendlyName: name }),
  })
}
