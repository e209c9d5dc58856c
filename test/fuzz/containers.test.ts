// A short, repeatable part of the fuzzing of PKCS#12 files and encrypted keys behind right passwords.

import { expect, test } from 'vitest'
import { containerTarget, layers, material } from './containers.ts'

test('what is inside a container that was opened ends in a TlsError or a key, in every layer', async () => {
  const made = await material()
  expect(await containerTarget(made, 1, undefined)).toBe(true)
  for (const layer of layers) {
    let read = 0
    for (let seed = 0; seed < 30; seed++) if (await containerTarget(made, seed, layer)) read++
    // Both halves are exercised: what is harmless, or not met by the reader, and what is refused.
    expect({ layer, some: read > 0 && read < 30 }).toEqual({ layer, some: true })
  }
}, 60_000)
