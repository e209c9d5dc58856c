// What the Tab key offers in zsh and fish, asked of these shells themselves. bash: frame.test.ts.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { runCli, scratchFolder } from './harness.ts'

const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ['--version'], { stdio: 'ignore' })
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
  }
}

const folder = scratchFolder()
const options = { cwd: folder, encoding: 'utf8', timeout: 200_000 } as const

const byFish = (line: string): readonly string[] =>
  execFileSync('fish', ['--no-config', '-c', 'source puretls.fish; complete -C "$LINE"'], {
    ...options,
    env: { ...process.env, HOME: folder, LINE: line },
  })
    .split('\n')
    .flatMap((row) => row.split('\t')[0] || [])

/** Between the line as it was typed and the next prompt: a word with its description, or words alone. */
const byZsh = (line: string): readonly string[] => {
  const script = new URL('offered-by-zsh.zsh', import.meta.url).pathname
  const shown = execFileSync('zsh', ['-f', script, line, join(folder, 'puretls.zsh')], {
    ...options,
    env: { ...process.env, HOME: folder, TERM: 'dumb' },
  })
  const rows = shown.split('\n').map((row) => row.replaceAll('\r', '').replaceAll('\u0007', ''))
  const again = rows.findIndex((row) => row.startsWith('<ready>'))
  return rows.slice(1, again).flatMap((row) => {
    const [word = ''] = row.split(' -- ')
    return word === row ? row.trim().split(/\s+/) : [word.trim()]
  })
}

describe.each([
  ['zsh', byZsh],
  ['fish', byFish],
] as const)('%s', (shell, offered) => {
  const isHere = has(shell)
  it('is here in CI', () => {
    if (process.env['CI'] !== undefined) expect(isHere).toBe(true)
  })

  describe.runIf(isHere)('offers', () => {
    beforeAll(async () => {
      writeFileSync(join(folder, `puretls.${shell}`), (await runCli(`completion ${shell}`)).stdout)
    })

    it.each([
      ['puretls comp', ['completion']],
      ['puretls cert tr', ['trust']],
      ['puretls connect --starttl', ['--starttls']],
      ['puretls connect --starttls s', ['sieve', 'smtp']],
      ['puretls ', commands.map(({ name }) => name).toSorted()],
    ])('%s', (line, words) => {
      expect(offered(line).toSorted()).toEqual(words)
    })
  })
})
