// `puretls ech keys` and `puretls ech config`.

import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { nodeProvider } from '../../crypto/node.ts'
import { canHpke } from '../../keys/hpke-suites.ts'
import { generateEchKeys } from '../../ech.ts'
import { fromHex, toHex } from '../../wire/bytes.ts'
import { decodeEchConfigList, hasMandatoryExtension } from '../../wire/ech.ts'
import type { EchConfig } from '../../wire/ech.ts'
import { decodeBase64 } from '../../wire/pem.ts'
import { hpkeAeads, hpkeKdfs, hpkeKems } from '../../wire/numbers.ts'
import type { Context, Options } from '../command.ts'
import { lookUpHttps } from '../dns-https.ts'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput, writeOutput } from '../files.ts'
import type { Io } from '../io.ts'
import { schema } from '../schema.ts'
import type { JsonSchema } from '../schema.ts'

export const echKeysSchema: JsonSchema = schema.object({
  publicName: schema.string(),
  configId: schema.integer(),
  configList: schema.string('base64, as the ech parameter of an HTTPS record'),
  config: schema.hex('one ECHConfig, as hello.ech.keys takes it'),
  privateKey: schema.nullable(schema.hex('null if it was written to a file')),
  file: schema.nullable(schema.string()),
})

const suite = schema.object({ kdf: schema.string(), aead: schema.string(), supported: schema.boolean('by puretls') })

export const echConfigSchema: JsonSchema = schema.object({
  configs: schema.array(
    schema.object({
      publicName: schema.string(),
      configId: schema.integer(),
      kem: schema.string(),
      publicKey: schema.hex(),
      suites: schema.array(suite),
      maximumNameLength: schema.integer(),
      extensions: schema.array(schema.integer('type')),
      usable: schema.boolean('by puretls'),
    }),
    'of the version that puretls speaks, in order of preference',
  ),
})

interface KeysOptions {
  readonly id: number | undefined
  readonly maxName: number | undefined
  readonly out: string | undefined
  readonly force: boolean
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export const runKeys = async ({ io, out, args, options }: Context<Options>): Promise<ExitCode> => {
  const { id, maxName, out: file, force } = options as unknown as KeysOptions
  const [publicName = ''] = args
  const made = await generateEchKeys({
    publicName,
    provider: nodeProvider,
    ...(id !== undefined && { configId: id }),
    ...(maxName !== undefined && { maximumNameLength: maxName }),
  })
  const [read] = decodeEchConfigList(made.configList)
  if (file !== undefined) await writeOutput(io, file, pemOf(made.privateKey, made.configList), { mode: 0o600, force })
  await out.json({
    publicName,
    configId: read?.configId ?? 0,
    configList: base64(made.configList),
    config: toHex(made.config),
    privateKey: file === undefined ? toHex(made.privateKey) : null,
    file: file ?? null,
  })
  await out.print(
    `public name  ${publicName}`,
    `config id    ${read?.configId ?? 0}`,
    ...(file === undefined ? [`private key  ${toHex(made.privateKey)}`] : [`key          ${file}`]),
    `config       ${toHex(made.config)}`,
    '',
    'HTTPS record:',
    `  ${publicName}. IN HTTPS 1 . ech=${base64(made.configList)}`,
  )
  return exitCodes.ok
}

/** PKCS#8 of an X25519 key (RFC 8410 section 7) and the config list, as the PEM form of ECH has it. */
const pemOf = (privateKey: Uint8Array, configList: Uint8Array): string => {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), privateKey])
  const block = (label: string, bytes: Uint8Array): string =>
    `-----BEGIN ${label}-----\n${base64(bytes).replace(/(.{64})(?=.)/g, '$1\n')}\n-----END ${label}-----\n`
  return block('PRIVATE KEY', pkcs8) + block('ECHCONFIG', configList)
}

export const runConfig = async ({ io, out, args, options }: Context<Options>): Promise<ExitCode> => {
  const [source = ''] = args
  const { resolver } = options as unknown as { readonly resolver: string | undefined }
  const list = await listOf(io, source, resolver)
  const configs = readList(list, source)
  await out.json({ configs: configs.map(configJson) })
  if (configs.length === 0) await out.print('no config of the version of RFC 9849')
  for (const [index, config] of configs.map(configJson).entries()) {
    await out.print(
      ...(index > 0 ? [''] : []),
      `public name     ${out.style.bold(config.publicName)}`,
      `config id       ${config.configId}`,
      `KEM             ${config.kem}`,
      `public key      ${config.publicKey}`,
      ...config.suites.map(
        ({ kdf, aead, supported }) => `suite           ${kdf}, ${aead}${supported ? '' : ' (not supported here)'}`,
      ),
      `longest name    ${config.maximumNameLength} bytes`,
      ...(config.extensions.length > 0 ? [`extensions      ${config.extensions.join(', ')}`] : []),
      `usable          ${config.usable ? 'yes' : 'no'}`,
    )
  }
  return exitCodes.ok
}

const readList = (bytes: Uint8Array, source: string): readonly EchConfig[] => {
  try {
    return decodeEchConfigList(bytes)
  } catch (cause) {
    throw new CliError('input', `${source}: it is not an ECHConfigList`, {
      code: 'bad_ech_config',
      cause,
      remedy: 'give the ech parameter of an HTTPS record',
    })
  }
}

const nameIn = (table: Readonly<Record<string, number>>, id: number): string =>
  Object.entries(table).find(([, number]) => number === id)?.[0] ?? `0x${id.toString(16)}`

const configJson = (config: EchConfig) => {
  const suites = config.suites.map(({ kdf, aead }) => ({
    kdf: `HKDF-${nameIn(hpkeKdfs, kdf).toUpperCase()}`,
    aead: nameIn(hpkeAeads, aead),
    supported: canHpke(nodeProvider, { kem: config.kem, kdf, aead }),
  }))
  return {
    publicName: config.publicName,
    configId: config.configId,
    kem: nameIn(hpkeKems, config.kem),
    publicKey: toHex(config.publicKey),
    suites,
    maximumNameLength: config.maximumNameLength,
    extensions: config.extensions.map(({ type }) => type),
    usable: suites.some(({ supported }) => supported) && !hasMandatoryExtension(config),
  }
}

const listOf = async (io: Io, source: string, resolver: string | undefined): Promise<Uint8Array> => {
  if (source.startsWith('dns:')) return ofDns(io, source.slice(4), resolver)
  const file =
    source === '-' ||
    (await stat(resolve(io.cwd, source)).then(
      (found) => found.isFile(),
      () => false,
    ))
  const bytes = file ? await readInput(io, source) : undefined
  if (bytes && bytes[0] === 0 && bytes[2] !== undefined && bytes[2] > 0x7f) return bytes // as it lies on the wire
  const text = bytes ? new TextDecoder().decode(bytes) : source
  const pem = /-----BEGIN ECHCONFIG-----([^-]*)-----END ECHCONFIG-----/.exec(text)?.[1]
  const compact = (pem ?? text).replace(/\s+/g, '')
  if (pem === undefined && /^([0-9a-f]{2})+$/i.test(compact)) return fromHex(compact)
  const decoded = decodeBase64(compact)
  if (!decoded)
    throw new CliError('input', `${file ? source : 'CONFIG'}: it is neither base64 nor hex nor a file`, {
      code: 'bad_ech_config',
    })
  return decoded
}

const ofDns = async (io: Io, name: string, resolver: string | undefined): Promise<Uint8Array> => {
  if (name === '') throw usage('dns: it takes a name, as in dns:example.com')
  const records = await lookUpHttps(io, name, resolver, 10_000)
  const found = records.find(({ ech }) => ech !== undefined)?.ech
  if (!found) throw new CliError('input', `${name}: its HTTPS record has no ech parameter`, { code: 'no_ech' })
  return found
}
