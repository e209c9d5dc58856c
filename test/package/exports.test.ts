// package.json against the table of entry points (scripts/subpaths.ts): what is listed is built, what is built is
// listed.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { existingEntries, existingSubpaths, expectedBin, expectedExports, outputName } from '../../scripts/subpaths.ts'

const manifest: Record<string, unknown> = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)

describe('package.json', () => {
  it('exports each subpath whose source exists, and no other (npm run exports writes it)', () => {
    expect(manifest['exports']).toEqual(expectedExports())
  })

  it('lists the conditions of a subpath before its default, which would shadow them', () => {
    for (const [subpath, target] of Object.entries(expectedExports())) {
      expect(target, subpath).toSatisfy(
        (value: unknown) => typeof value === 'string' || Object.keys(value ?? {}).at(-1) === 'default',
      )
    }
    expect(JSON.stringify(manifest['exports'])).toBe(JSON.stringify(expectedExports()))
  })

  it('names the command once its source exists', () => {
    expect(manifest['bin']).toEqual(expectedBin())
  })

  it('ships ES modules without side effects but for register, for Node 20.19 and later', () => {
    expect(manifest).toMatchObject({
      type: 'module',
      sideEffects: ['./dist/node/register.js'],
      engines: { node: '>=20.19' },
    })
  })

  it("is under the MIT licence, and the MPL-2.0 for Mozilla's roots, whose notice it ships", () => {
    expect(manifest['license']).toBe('(MIT AND MPL-2.0)')
    expect(manifest['files']).toContain('THIRD_PARTY.md')
  })

  it('depends at run time on the packages with a written reason only (docs/decisions.md)', () => {
    const reasons = readFileSync(new URL('../../docs/decisions.md', import.meta.url), 'utf8')
    const dependencies = Object.keys(Object(manifest['dependencies']))
    expect(dependencies).not.toHaveLength(0)
    for (const name of dependencies) expect(reasons).toContain(`\`${name}\``)
  })
})

describe('the table of entry points', () => {
  it('builds every existing subpath', () => {
    const built = Object.keys(existingEntries())
    for (const { source } of existingSubpaths()) expect(built).toContain(outputName(source))
  })
})
