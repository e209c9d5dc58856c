// The packed package in Node 20, 22, 24 and 26, Bun and Deno: every check of scripts/runtimes/conformance.mjs passes.
// npm gives the Nodes; a runtime that cannot be had is a failure.

import { describe, expect, it } from 'vitest'
import { run } from '../interop/process.ts'

const root = new URL('../../', import.meta.url).pathname
const only = ['node-20', 'node-22', 'node-24', 'node-26', 'bun', 'deno']

describe('npm run runtimes', () => {
  it('passes every check in each of them', { timeout: 300_000 }, async () => {
    const args = [`${root}scripts/runtimes.ts`, '--only', only.join(), '--json']
    const { code, output } = await run(`${root}node_modules/.bin/node`, args)
    expect(code, output).toBe(0)
    const outcomes: { name: string; rows: { result: string }[] }[] = JSON.parse(/^\[.*\]$/m.exec(output)?.[0] ?? '[]')
    expect(outcomes.map(({ name }) => name)).toEqual(only)
    // Nine checks, two versions, in memory and over loopback.
    for (const { rows } of outcomes) expect(rows.map(({ result }) => result)).toEqual(Array(36).fill('yes'))
  })
})
