// `npm run check` and CI run the same steps in the same order.

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const stepsOf = (path: string, pattern: RegExp): readonly string[] =>
  [...readFileSync(path, 'utf8').matchAll(pattern)].map((match) => match[1] ?? '')

it('npm run check does what .ci/run does, without installs', () => {
  const ci = stepsOf('.ci/run', /^ +step .* npm (?:run --silent )?([a-z:]+)\b/gm)
  const check = readFileSync('scripts/check.ts', 'utf8').match(/^const steps = \[(.*)\]$/m)?.[1] ?? ''
  expect(check.replaceAll("'", '').split(', ')).toEqual(ci)
  expect(ci).toContain('typecheck')
})
