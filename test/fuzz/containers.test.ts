// A short, repeatable part of the fuzzing of PKCS#12 files and encrypted keys behind right passwords.

import { expect, test } from 'vitest'
import { schemes } from './container-schemes.ts'
import { containerTarget, layers, material, readAsWritten, withCount } from './containers.ts'

test('a file of each scheme and MAC is read as it was written', async () => {
  expect(await readAsWritten(await material())).toEqual([])
})

test('what is inside a container that was opened ends in a TlsError or a key, in every layer', async () => {
  const made = await material()
  expect(await containerTarget(made, 1, undefined)).toBe(true)
  for (const layer of layers) {
    let read = 0
    for (let seed = 0; seed < 60; seed++) if (await containerTarget(made, seed, layer)) read++
    // Both halves are exercised: what is harmless, or not met by the reader, and what is refused.
    expect({ layer, some: read > 0 && read < 60 }).toEqual({ layer, some: true })
  }
}, 60_000)

test('a count that is over the limit ends the reading before it is worked off', async () => {
  const made = await material()
  for (const scheme of Object.keys(schemes)) expect(await withCount(made, scheme)).toMatch(/more than is allowed/)
})
