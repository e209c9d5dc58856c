// Reads Wycheproof files and runs each vector of one through a provider. A vector may fall outside of what TLS can
// express (another nonce length, say): the test says so by a rule, and how many did is asserted, so that none is left
// out unseen.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { nobleParts } from '../../src/crypto/noble-groups.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeParts } from '../../src/crypto/node-groups.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { GroupParts } from '../../src/crypto/groups.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { subtleExchange } from '../../src/crypto/webcrypto-groups.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { fromHex } from '../../src/wire/bytes.ts'

/** A provider, with the parts of its groups that take a given private key. */
export interface Subject {
  readonly provider: CryptoProvider
  readonly parts: GroupParts
}

const webcryptoParts: GroupParts = {
  ...nobleParts,
  x25519: subtleExchange('x25519', nobleParts.x25519),
  p256: subtleExchange('p256', nobleParts.p256),
  p384: subtleExchange('p384', nobleParts.p384),
  p521: subtleExchange('p521', nobleParts.p521),
}

export const subjects: readonly Subject[] = [
  { provider: nodeProvider, parts: nodeParts },
  { provider: nobleProvider, parts: nobleParts },
  { provider: webcryptoProvider, parts: webcryptoParts },
]

/** Group or vector: a JSON object whose fields are asked for by name and kind. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null) throw new TypeError('not an object')
    this.#fields = { ...value }
  }

  text(name: string): string {
    const value = this.#fields[name]
    if (typeof value !== 'string') throw new TypeError(`${name} is not a string`)
    return value
  }

  number(name: string): number {
    const value = this.#fields[name]
    if (typeof value !== 'number') throw new TypeError(`${name} is not a number`)
    return value
  }

  bytes(name: string): Uint8Array {
    return fromHex(this.text(name))
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name]
    if (!Array.isArray(value)) throw new TypeError(`${name} is not a list`)
    return value
  }

  has(name: string): boolean {
    return name in this.#fields
  }

  /** What else is known about a vector. */
  flagged(flag: string): boolean {
    return this.list('flags').includes(flag)
  }

  get result(): 'valid' | 'invalid' | 'acceptable' {
    const result = this.text('result')
    if (result !== 'valid' && result !== 'invalid' && result !== 'acceptable') throw new TypeError(`result ${result}`)
    return result
  }
}

const load = (name: string): Fields => {
  const file = new URL(`../../vectors/wycheproof/${name}_test.json.gz`, import.meta.url)
  return new Fields(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')))
}

/** Throws (through expect) if the vector is not handled as it should be; 'outside' if it is not expressible. */
type RunVector = (subject: Subject, group: Fields, vector: Fields) => Promise<'outside' | undefined>

/** One test for each provider that `has` what the file is about. `outside`: how many vectors are not expressible. */
export const wycheproof = (
  name: string,
  outside: number,
  runVector: RunVector,
  has: (subject: Subject) => boolean = () => true,
): void => {
  describe(`Wycheproof ${name}`, () => {
    const file = load(name)
    for (const subject of subjects.filter(has)) {
      it(`${subject.provider.name}: every vector`, async () => {
        const counts = { ran: 0, outside: 0 }
        for (const group of file.list('testGroups').map((each) => new Fields(each))) {
          for (const vector of group.list('tests').map((each) => new Fields(each))) {
            if ((await runVector(subject, group, vector)) === 'outside') counts.outside++
            else counts.ran++
          }
        }
        expect(counts).toEqual({ ran: file.number('numberOfTests') - outside, outside })
      })
    }
  })
}

/** For messages of expect: which vector it was. */
export const named = (vector: Fields): string =>
  `vector ${vector.number('tcId')} (${vector.result}${vector.has('comment') ? `: ${vector.text('comment')}` : ''})`
