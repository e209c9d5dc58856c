// Sees what a handshake derives: a provider whose HMACs are noted, and what the notes say about the key schedule.
// HKDF-Expand-Label and the PRF of TLS 1.2 name in their inputs what they make, so that nothing in the handshake has
// to tell.

import type { CryptoProvider, HashAlgorithm, HashName } from '../crypto/provider.ts'
import { concat, equalBytes } from '../wire/bytes.ts'

/** One HKDF-Expand-Label (RFC 9846 section 7.1). */
export interface Derivation {
  readonly secret: Uint8Array
  /** Without "tls13 ". */
  readonly label: string
  readonly context: Uint8Array
  readonly output: Uint8Array
}

/** One HKDF-Extract, or any other HMAC. */
export interface Extraction {
  readonly salt: Uint8Array
  readonly input: Uint8Array
  readonly output: Uint8Array
}

/** What was seen so far. Secrets are among it: whoever has it can read the connections. */
export class Observation {
  readonly derivations: Derivation[] = []
  readonly extractions: Extraction[] = []
  /** Premaster and master secret of TLS 1.2, by the label they were used with. */
  readonly prf: { readonly secret: Uint8Array; readonly label: string; readonly seed: Uint8Array }[] = []

  /** A provider that works as `provider` does, and is watched. At most 4096 operations of each kind are kept. */
  watch(provider: CryptoProvider): CryptoProvider {
    const hashes: Partial<Record<HashName, HashAlgorithm>> = {}
    for (const hash of Object.values(provider.hashes)) {
      hashes[hash.name] = {
        ...hash,
        digest: (...parts) => hash.digest(...parts),
        create: () => hash.create(),
        hmac: (key, ...parts) => {
          const output = hash.hmac(key, ...parts)
          this.#note(key, parts, output)
          return output
        },
      }
    }
    return { ...provider, hashes }
  }

  #note(key: Uint8Array, parts: readonly Uint8Array[], output: Uint8Array): void {
    const input = concat(...parts)
    if (input.length > MAX_INPUT) return
    const expanded = readLabel(input)
    if (expanded) return keep(this.derivations, { secret: key.slice(), ...expanded, output: output.slice() })
    const label = prfLabels.find((name) => startsWith(input, name))
    if (label !== undefined) return keep(this.prf, { secret: key.slice(), label, seed: input.slice(label.length) })
    keep(this.extractions, { salt: key.slice(), input, output: output.slice() })
  }

  /** The output of the last derivation with this label, of any secret. */
  last(label: string): Derivation | undefined {
    return this.derivations.findLast((derivation) => derivation.label === label)
  }

  /** How a secret was extracted. */
  extracted(output: Uint8Array): Extraction | undefined {
    return this.extractions.find((extraction) => equalBytes(extraction.output, output))
  }
}

const MAX_KEPT = 4096
const MAX_INPUT = 2048
const keep = <T>(list: T[], value: T): void => {
  if (list.length < MAX_KEPT) list.push(value)
}

const prfLabels = [
  'master secret',
  'extended master secret',
  'key expansion',
  'client finished',
  'server finished',
] as const
const ascii = new TextDecoder('latin1')
const startsWith = (bytes: Uint8Array, text: string): boolean => ascii.decode(bytes.subarray(0, text.length)) === text

/** HkdfLabel and the counter of the first block: length, "tls13 " and label, context, 1. */
const readLabel = (input: Uint8Array): { readonly label: string; readonly context: Uint8Array } | undefined => {
  const nameLength = input[2] ?? 0
  const contextLength = input[3 + nameLength] ?? 0
  if (input.length !== 5 + nameLength + contextLength || input.at(-1) !== 1) return undefined
  const name = ascii.decode(input.subarray(3, 3 + nameLength))
  return name.startsWith('tls13 ')
    ? { label: name.slice(6), context: input.slice(4 + nameLength, 4 + nameLength + contextLength) }
    : undefined
}
