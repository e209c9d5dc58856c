// Every worked session of docs/command.md does what it says: its commands are run, and print what stands there.

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileName, sessionOf } from '../../scripts/docs-command.ts'
import { commands } from '../../src/cli/commands/index.ts'
import { hasPebble, startPebble } from '../acme/pebble.ts'
import type { Pebble } from '../acme/pebble.ts'
import { scratchFolder } from '../cli/harness.ts'
import { runSteps, stepsOf } from '../cli/shell.ts'
import type { Step } from '../cli/shell.ts'

const files = readdirSync(new URL('../../docs/sessions', import.meta.url)).filter((name) => name.endsWith('.md'))

const withPebble = async (pebble: Pebble, steps: readonly Step[]): Promise<void> => {
  const cwd = scratchFolder()
  writeFileSync(join(cwd, 'ca.pem'), pebble.ca)
  writeFileSync(join(cwd, 'root.pem'), await pebble.root())
  const ports = [
    ['14000', new URL(pebble.directoryUrl).port],
    ['5001', String(pebble.tlsPort)],
    ['5002', String(pebble.httpPort)],
  ] as const
  expect(steps.length).toBeGreaterThan(5)
  await runSteps(steps, { cwd }, new Map(ports))
}

describe('worked sessions', () => {
  it('belong to a command, and each command or group has one', () => {
    expect(files.toSorted()).toEqual(commands.map(({ name }) => `${fileName(name)}.md`).toSorted())
  })

  it.each(files.filter((name) => name !== 'acme.md'))('%s', async (file) => {
    const steps = stepsOf(sessionOf(file.replace(/\.md$/, '')) ?? '')
    expect(steps.length).toBeGreaterThan(0)
    await runSteps(steps)
  })

  it.runIf(hasPebble())('acme.md, with Pebble', async () => {
    const pebble = await startPebble()
    try {
      await withPebble(pebble, stepsOf(sessionOf('acme') ?? ''))
    } finally {
      await pebble.stop()
    }
  })
})
