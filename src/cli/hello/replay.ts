// `puretls hello replay`: a connection whose ClientHello has the shape of another one. Suites, versions, groups,
// schemes, extensions and their order are the recorded ones; randoms, key shares and the server name are our own.

import { nodeProvider } from '../../crypto/node.ts'
import { certificateCodecs } from '../../compression/index.node.ts'
import { TlsError } from '../../errors.ts'
import type { ClientOptions, ConnectionInfo } from '../../index.node.ts'
import { describeExtension } from '../../inspect/describe.ts'
import { parseClientHello } from '../../inspect/hellos.ts'
import { splitMessages } from '../../inspect/seen.ts'
import type { ClientHelloInfo, TracedRecord } from '../../options.ts'
import { ja4 } from '../../options/fingerprint.ts'
import { concat } from '../../wire/bytes.ts'
import { decode, encode } from '../../wire/codec.ts'
import { clientHelloExtensions } from '../../wire/extensions.ts'
import type { RawExtension } from '../../wire/extensions.ts'
import { decodeMessage, messages13 } from '../../wire/messages.ts'
import type { ClientHello } from '../../wire/messages.ts'
import {
  cipherSuites,
  contentTypes,
  extensionTypes,
  isGrease,
  namedGroupById,
  signatureSchemeById,
  TLS12,
  TLS13,
} from '../../wire/registry.ts'
import type { Context, Options } from '../command.ts'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput } from '../files.ts'
import { closeTls, openTls } from '../open.ts'
import { schema } from '../schema.ts'
import type { JsonSchema } from '../schema.ts'
import { parseTarget } from '../target.ts'
import { hellosOf } from './sources.ts'

export const replaySchema: JsonSchema = schema.object(
  {
    recorded: schema.string('JA4 of the hello in FILE'),
    sent: schema.string('JA4 of the hello that went out'),
    leftOut: schema.array(schema.string(), 'extensions that cannot be sent again'),
    answer: schema.nullable(
      schema.object({
        version: schema.string(),
        cipherSuite: schema.string(),
        group: schema.nullable(schema.string()),
      }),
    ),
    failure: schema.nullable(schema.string('why there was no connection')),
  },
  'of hello replay',
)

interface ReplayOptions {
  readonly line: number | undefined
  readonly servername: string | undefined
  readonly timeout: number | undefined
}

export const replay = async (
  { io, out }: Context<Options>,
  args: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> => {
  const [file, host, ...more] = args
  if (file === undefined || host === undefined || more.length > 0)
    throw usage('hello replay: it takes FILE and HOST[:PORT]')
  const target = parseTarget(host, 443)
  const found = await hellosOf(await readInput(io, file), file)
  const wanted = found[(options.line ?? 1) - 1]
  if (!wanted) throw new CliError('input', `${file}: there are ${found.length} hellos in it`, { code: 'no_hello' })
  const recorded = wanted.hello
  const sentRecords: TracedRecord[] = []
  const serverName = options.servername ?? target.host
  let info: ConnectionInfo | undefined
  let failure: TlsError | undefined
  try {
    const client = { ...replayOptions(recorded), trace: (record: TracedRecord) => void sentRecords.push(record) }
    const connection = await openTls(io, { target, serverName, timeoutMs: options.timeout ?? 15_000, client })
    info = connection.info
    await closeTls(connection)
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    failure = error
  }
  const sent = sentHello(sentRecords)
  if (!sent) throw failure ?? new CliError('connection', 'no hello went out')
  const report = {
    recorded: ja4(recorded, nodeProvider),
    sent: ja4(sent, nodeProvider),
    leftOut: recorded.extensions.filter((id) => !sent.extensions.includes(id)).map((id) => describeExtension(id).name),
    answer: info ? { version: info.version, cipherSuite: info.cipherSuite, group: info.group ?? null } : null,
    failure: failure?.message ?? null,
  }
  await out.json(report)
  await out.print(
    `recorded  ${report.recorded}`,
    `sent      ${report.sent}${report.leftOut.length > 0 ? `  (left out: ${report.leftOut.join(', ')})` : ''}`,
    info
      ? `answer    ${info.version}, ${info.cipherSuite}${info.group === undefined ? '' : `, ${info.group}`}`
      : `failed    ${report.failure}`,
  )
  return info ? exitCodes.ok : exitCodes.negative
}

const sentHello = (records: readonly TracedRecord[]): ClientHelloInfo | undefined => {
  const bytes = concat(
    ...records
      .filter(({ direction, type }) => direction === 'sent' && type === contentTypes.handshake)
      .map(({ content }) => content),
  )
  const [message] = splitMessages(bytes).messages
  return message && parseClientHello(message, nodeProvider)
}

/** Options with which a hello of ours can become `recorded`. */
const replayOptions = (recorded: ClientHelloInfo): Omit<ClientOptions, 'serverName'> => {
  const message = decodeMessage(messages13, 'ClientHello', recorded.raw)
  const groups = recorded.groups.flatMap((id) => namedGroupById.get(id)?.name ?? [])
  const schemes = recorded.signatureSchemes.flatMap((id) => signatureSchemeById.get(id)?.name ?? [])
  const shares = sharesOf(message).flatMap(({ group }) => namedGroupById.get(group)?.name ?? [])
  const suites = recorded.cipherSuites.flatMap(
    (id) => cipherSuites.find((suite) => suite.id === id && !suite.name.includes('PSK'))?.name ?? [],
  )
  const tls13 = recorded.versions.includes(TLS13)
  const tls12 = recorded.versions.includes(TLS12)
  if (!tls13 && !tls12)
    throw new CliError('input', 'the hello offers neither TLS 1.3 nor TLS 1.2: puretls could not go on with it', {
      code: 'old_hello',
    })
  return {
    versions: { min: tls12 ? 'TLS 1.2' : 'TLS 1.3', max: tls13 ? 'TLS 1.3' : 'TLS 1.2' },
    ...(suites.length > 0 && { cipherSuites: suites }),
    ...(groups.length > 0 && { groups }),
    ...(schemes.length > 0 && { signatureSchemes: schemes }),
    alpn: recorded.alpn,
    certificates: { compression: certificateCodecs },
    hello: {
      ...(tls13 && { keyShares: shares.filter((name) => groups.includes(name)) }),
      compatibilityMode: message.sessionId.length > 0,
      sendServerName: recorded.extensions.includes(extensionTypes.server_name),
      shape: (own) => shaped(own, message),
    },
  }
}

const sharesOf = ({
  extensions,
}: ClientHello): readonly { readonly group: number; readonly keyExchange: Uint8Array }[] => {
  const found = extensions?.find(({ type }) => type === extensionTypes.key_share)
  return found ? decode(clientHelloExtensions.key_share, found.data, 'key_share') : []
}

/** Those that belong to one connection only, and that no other can send. */
const ofOneConnection: readonly number[] = [
  extensionTypes.pre_shared_key,
  extensionTypes.early_data,
  extensionTypes.cookie,
]

const shaped = (own: ClientHello, recorded: ClientHello): ClientHello => {
  const ours = new Map((own.extensions ?? []).map((extension) => [extension.type, extension]))
  const extensions = (recorded.extensions ?? []).flatMap((extension): readonly RawExtension[] => {
    const { type } = extension
    if (ofOneConnection.includes(type)) return []
    if (type === extensionTypes.server_name) return [ours.get(type) ?? []].flat()
    if (type === extensionTypes.key_share)
      return [{ type, data: encode(clientHelloExtensions.key_share, mergedShares(own, recorded)) }]
    if (type === extensionTypes.session_ticket) return [{ type, data: new Uint8Array(0) }]
    return [extension]
  })
  // A second hello, after HelloRetryRequest, returns the cookie.
  const cookie = ours.get(extensionTypes.cookie)
  return {
    ...own,
    legacyVersion: recorded.legacyVersion,
    cipherSuites: recorded.cipherSuites,
    compressionMethods: recorded.compressionMethods,
    extensions: cookie ? [...extensions, cookie] : extensions,
  }
}

/** Our shares in the recorded order, with its reserved values; what a second hello has instead. */
const mergedShares = (
  own: ClientHello,
  recorded: ClientHello,
): readonly { readonly group: number; readonly keyExchange: Uint8Array }[] => {
  const ours = sharesOf(own)
  const order = sharesOf(recorded)
  const known = order.flatMap((share) =>
    isGrease(share.group) ? [share] : ours.filter(({ group }) => group === share.group),
  )
  return ours.every(({ group }) => order.some((share) => share.group === group)) ? known : ours
}
