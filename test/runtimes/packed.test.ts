// The packed package in Node 20, 22, 24 and 26, Bun, Deno, workerd and Chromium: every check of
// scripts/runtimes/conformance.mjs passes. npm gives the Nodes and workerd; a runtime that cannot be had is a failure,
// but for a Chromium that is not installed, where CI is not set.

import { describe, expect, it } from 'vitest'
import { columns } from '../../scripts/runtimes/columns.ts'
import { run } from '../interop/process.ts'

const root = new URL('../../', import.meta.url).pathname
const browses = process.env['CI'] !== undefined || (await run('chromium', ['--version'])).code === 0
const present = columns.filter(({ name }) => browses || !name.startsWith('chromium'))

describe('npm run runtimes', () => {
  it('passes every check in each of them', { timeout: 420_000 }, async () => {
    const only = present.map(({ name }) => name)
    const args = [`${root}scripts/runtimes.ts`, '--only', only.join(), '--json']
    const { code, output } = await run(`${root}node_modules/.bin/node`, args)
    expect(code, output).toBe(0)
    const outcomes: { name: string; rows: { transport: string; result: string }[] }[] = JSON.parse(
      /^\[.*\]$/m.exec(output)?.[0] ?? '[]',
    )
    expect(outcomes.map(({ name }) => name)).toEqual(only)
    for (const [index, { rows }] of outcomes.entries()) {
      // Ten checks and two versions, over each transport.
      const expected = present[index]?.transports.flatMap((transport) => Array(20).fill({ transport, result: 'yes' }))
      expect(rows.map(({ transport, result }) => ({ transport, result }))).toEqual(expected)
    }
  })
})
