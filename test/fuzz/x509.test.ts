// A short, repeatable part of the fuzzing of certificates and paths; `node test/fuzz/x509.ts --seconds 600` is the long
// one.

import { expect, test } from 'vitest'
import { parseCertificate } from '../../src/x509/index.ts'
import { corpus, graphPool, mutate, parserTarget, pathTarget, random } from './x509.ts'

test('mutated certificates end in a TlsError or a certificate', () => {
  const seeds = corpus()
  let parsed = 0
  for (let run = 0; run < 3000; run++) {
    const r = random(run)
    const der = mutate(r.pick(seeds), seeds, r)
    parserTarget(der)
    try {
      parseCertificate(der)
      parsed++
    } catch {}
  }
  // Some get through the parser and reach the rules, most don't: both halves are exercised.
  expect(parsed).toBeGreaterThan(300)
  expect(parsed).toBeLessThan(2700)
})

test('random graphs of CAs end within the budgets', async () => {
  const r = random(1)
  const pool = graphPool(r, 120)
  let good = 0
  for (let run = 0; run < 600; run++) if ((await pathTarget(pool, random(run))).ok) good++
  expect(good).toBeGreaterThan(20)
  expect(good).toBeLessThan(580)
})
