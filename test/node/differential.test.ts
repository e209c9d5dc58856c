// node:tls and puretls/node, scenario by scenario: the same events, codes and words, but for what is listed here.

import * as nodeTls from 'node:tls'
import { describe, expect, it } from 'vitest'

import ours from '../../src/node/index.ts'
import { argumentScenarios } from './differential/arguments.ts'
import { intended } from './differential/intended.ts'
import { leftovers } from './differential/leftovers.ts'
import { phases } from './differential/phases.ts'
import { readingScenarios } from './differential/reading.ts'
import { rules } from './differential/rules.ts'
import { scenarios } from './differential/scenarios.ts'
import { Stage } from './differential/stage.ts'
import type { Tls } from './differential/stage.ts'

const logOf = async (tls: Tls, scenario: (stage: Stage) => Promise<void>): Promise<readonly string[]> => {
  const stage = new Stage(tls)
  try {
    await scenario(stage)
    await new Promise((resolve) => setImmediate(resolve))
    return stage.log
  } finally {
    stage.end()
  }
}

const all = { ...scenarios, ...phases, ...argumentScenarios, ...readingScenarios, ...leftovers, ...rules }

describe('puretls/node does what node:tls does', () => {
  it.each(Object.keys(all))('%s', async (name) => {
    const scenario = all[name]
    if (!scenario) throw new Error(name)
    const theirs = await logOf(nodeTls, scenario)
    const mine = await logOf(ours as unknown as Tls, scenario)
    const differences = intended[name] ?? []
    const adapted = theirs.map((line) => differences.find(({ node }) => node === line)?.puretls ?? line)
    expect(mine).toEqual(adapted.filter((line) => line !== ''))
    // A difference that is gone must leave the list.
    for (const { node } of differences) expect(theirs).toContain(node)
  })
})
