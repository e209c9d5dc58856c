// A ClientHello as `puretls hello` and `puretls ja4` show it: names beside numbers, JA3, JA4, and whom it resembles.

import { nodeProvider } from '../../crypto/node.ts'
import {
  describeCipherSuite,
  describeExtension,
  describeGroup,
  describeSignatureScheme,
  describeVersion,
} from '../../inspect/describe.ts'
import type { Described } from '../../inspect/describe.ts'
import { ja3, ja3String, ja4, ja4Raw } from '../../options/fingerprint.ts'
import type { ClientHelloFields } from '../../options.ts'
import { toHex } from '../../wire/bytes.ts'
import type { Style } from '../output.ts'
import { schema } from '../schema.ts'
import type { JsonSchema } from '../schema.ts'
import { resembles } from './resemble.ts'
import type { Resemblance } from './resemble.ts'

interface Named {
  readonly id: number
  readonly name: string
}

export interface HelloJson {
  readonly serverName: string | null
  readonly alpn: readonly string[]
  readonly versions: readonly Named[]
  readonly cipherSuites: readonly Named[]
  readonly groups: readonly Named[]
  readonly signatureSchemes: readonly Named[]
  readonly extensions: readonly Named[]
  readonly ja3: string
  readonly ja3String: string
  readonly ja4: string
  readonly ja4Raw: string
  readonly resembles: Resemblance | null
  readonly raw: string
}

const named = schema.array(schema.object({ id: schema.integer(), name: schema.string() }), 'in the order of the hello')

export const helloProperties: Readonly<Record<string, JsonSchema>> = {
  serverName: schema.nullable(schema.string()),
  alpn: schema.array(schema.string()),
  versions: named,
  cipherSuites: named,
  groups: named,
  signatureSchemes: named,
  extensions: named,
  ja3: schema.hex(),
  ja3String: schema.string('what JA3 hashes'),
  ja4: schema.string(),
  ja4Raw: schema.string('JA4 before hashing'),
  resembles: schema.nullable(
    schema.object({
      name: schema.string('the client of the table that is nearest'),
      likeness: schema.number('0 to 1; 1 is the same JA4'),
    }),
  ),
  raw: schema.hex('the handshake message'),
}

const names = (ids: readonly number[], describe: (id: number) => Described): readonly Named[] =>
  ids.map((id) => ({ id, name: describe(id).name }))

export const helloJson = (hello: ClientHelloFields): HelloJson => ({
  serverName: hello.serverName ?? null,
  alpn: hello.alpn,
  versions: names(hello.versions, describeVersion),
  cipherSuites: names(hello.cipherSuites, describeCipherSuite),
  groups: names(hello.groups, describeGroup),
  signatureSchemes: names(hello.signatureSchemes, describeSignatureScheme),
  extensions: names(hello.extensions, describeExtension),
  ja3: ja3(hello, nodeProvider),
  ja3String: ja3String(hello),
  ja4: ja4(hello, nodeProvider),
  ja4Raw: ja4Raw(hello),
  resembles: resembles(hello) ?? null,
  raw: toHex(hello.raw),
})

/** Two or three lines for people. */
export const helloLines = (json: HelloJson, from: string, style: Style): readonly string[] => {
  const { serverName, versions, cipherSuites, groups, alpn, resembles: like } = json
  const best = versions.map(({ name }) => name).filter((name) => name !== 'GREASE')[0] ?? 'no version'
  const likeness =
    like === null
      ? ''
      : like.likeness === 1
        ? `, like ${like.name}`
        : `, nearest to ${like.name} (${Math.round(like.likeness * 100)} %)`
  return [
    `${style.bold(from)}  ${serverName ?? 'no server name'}  ${style.cyan(json.ja4)}${likeness}`,
    `    ${best}, ${cipherSuites.length} suites, ${groups.length} ` +
      `groups${alpn.length > 0 ? `, ALPN ${alpn.join(' ')}` : ''}; JA3 ${json.ja3}`,
  ]
}
