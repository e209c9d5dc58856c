// node:tls and puretls/node, scenario by scenario: the same events, codes and words, but for what intended.ts lists.

import * as nodeTls from 'node:tls'
import { describe, expect, it } from 'vitest'

import ours from '../../../src/node/index.ts'
import { intended } from './intended.ts'
import type { Scenario } from './scenarios.ts'
import { Stage } from './stage.ts'
import type { Tls } from './stage.ts'

const logOf = async (tls: Tls, scenario: Scenario): Promise<readonly string[]> => {
  const stage = new Stage(tls)
  try {
    await scenario(stage)
    await new Promise((resolve) => setImmediate(resolve))
    return stage.log
  } finally {
    stage.end()
  }
}

/** A test for each scenario. */
export const compareAll = (scenarios: Readonly<Record<string, Scenario>>): void => {
  describe('puretls/node does what node:tls does', () => {
    it.each(Object.entries(scenarios))('%s', async (name, scenario) => {
      const theirs = await logOf(nodeTls, scenario)
      const mine = await logOf(ours as unknown as Tls, scenario)
      const differences = intended[name] ?? []
      const adapted = theirs.map((line) => differences.find(({ node }) => node === line)?.puretls ?? line)
      expect(mine).toEqual(adapted.filter((line) => line !== ''))
      // A difference that is gone must leave the list.
      for (const { node } of differences) expect(theirs).toContain(node)
    })
  })
}
