// The frame of the command: parsing, help, errors, exit codes, colours, completion.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { isGroup, optionName, schemaOf } from '../../src/cli/command.ts'
import { CliError, explain } from '../../src/cli/errors.ts'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { helpText } from '../../src/cli/help.ts'
import { hasColours, printable, styleFor } from '../../src/cli/output.ts'
import { parseTarget } from '../../src/cli/target.ts'
import { TlsError } from '../../src/errors.ts'
import { jsonOf, leaves, runCli, scratchFolder, wordsOf } from './harness.ts'

describe('puretls', () => {
  it('says what there is', async () => {
    const { code, stdout } = await runCli('--help')
    expect(code).toBe(0)
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 30).replace(/[()]/g, '.')}`, 'm'))
    expect(await runCli([])).toMatchObject({ code: 0, stdout })
  })

  it('prints its version', async () => {
    expect((await runCli('--version')).stdout).toMatch(/^\d+\.\d+\.\d+/)
  })

  it('knows a mistyped command and option', async () => {
    expect(await runCli('complexion bash')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "completion"?'),
    })
    const { code, stderr } = await runCli('completion bash --jsno')
    expect(code).toBe(2)
    expect(stderr).toMatch(/unknown option '--jsno' \(Did you mean --json\?\)/)
  })

  it('fails as JSON with --json', async () => {
    const { code, stdout, stderr } = await runCli('completion tcsh --json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'usage', exitCode: 2 } })
    expect(stderr).toMatch(/^error: completion: there is none for "tcsh"/)
  })

  it('misses an argument', async () => {
    expect(await runCli('completion')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("missing required argument 'SHELL'"),
    })
    expect(await runCli('completion bash zsh')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('too many arguments'),
    })
  })
})

describe.each(leaves().map((command) => [command.name, command] as const))('%s', (name, command) => {
  it('has help that names all its options, fits 100 columns, and examples that parse', async () => {
    const text = helpText(command)
    for (const option of Object.keys(command.options)) expect(text).toContain(`--${optionName(option)}`)
    const typed = new Set(command.examples.map(({ run }) => `  ${run}`))
    expect(text.split('\n').filter((line) => line.length > 120 && !typed.has(line))).toEqual([])
    expect(command.examples.length).toBeGreaterThan(0)
    for (const { run } of command.examples) expect(run).toMatch(new RegExp(`\\bpuretls ${name}\\b`))
    expect(await runCli([...name.split(' '), '--help'])).toMatchObject({ code: 0, stdout: `${text}\n` })
  })

  it('has a schema that compiles', async () => {
    const { stdout } = await runCli([...name.split(' '), '--schema'])
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(schemaOf(command))))
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schemaOf(command))
    expect(validate({ error: { code: 'usage', message: 'no', exitCode: 2 } })).toBe(true)
    expect(validate({ surprise: true })).toBe(false)
  })
})

it('each group says what it has', async () => {
  for (const group of commands.filter(isGroup)) {
    const { name } = group
    const { stdout, code } = await runCli([name, '--help'])
    expect(code).toBe(0)
    for (const one of group.commands) expect(stdout).toContain(one.name)
    expect(await runCli([name])).toMatchObject({ code: 2 })
    expect(await runCli([name, 'nonsense'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`there is no command "${name} nonsense"`),
    })
  }
})

describe('colours', () => {
  const sink = (isTTY: boolean): Parameters<typeof hasColours>[0] => ({ isTTY, columns: 80, write: async () => {} })
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ] as const)('terminal %s with %o: %s', (isTTY, env, expected) => {
    expect(hasColours(sink(isTTY), env)).toBe(expected)
  })

  it('are on the terminal only', async () => {
    expect((await runCli('--help', { isTTY: true })).stdout).toContain('\u001b[1mUsage:')
    expect((await runCli('--help')).stdout).not.toContain('\u001b')
  })

  it('leave the terminal alone whatever a peer says', () => {
    const { red } = styleFor(true)
    expect(printable(red('a\u001b[2Jb\rc\u0007\u202ed'))).toBe('\u001b[31ma\\x1b[2Jb\\x0dc\\x07\\u202ed\u001b[39m')
    expect(printable('tab\tand\nline, é, 漢')).toBe('tab\tand\nline, é, 漢')
  })
})

describe('HOST[:PORT]', () => {
  it.each([
    ['example.com', 'example.com', 443],
    ['example.com:8443', 'example.com', 8443],
    ['EXAMPLE.com.', 'example.com', 443],
    ['bücher.example', 'xn--bcher-kva.example', 443],
    ['127.0.0.1:1', '127.0.0.1', 1],
    ['::1', '::1', 443],
    ['[::1]:8443', '::1', 8443],
    ['https://example.com:444/path?x', 'example.com', 444],
    ['https://user@example.com/', 'example.com', 443],
    ['_443._tcp.example', '_443._tcp.example', 443],
  ])('%s', (input, host, port) => {
    expect(parseTarget(input, 443)).toMatchObject({ host, port })
  })

  it.each(['', ':443', 'a:b', 'a:70000', 'a:', '[::1', '[x]:1', 'a b', 'a..b', '1:2:3', 'a/b'])(
    'refuses "%s"',
    (input) => {
      expect(() => parseTarget(input, 443)).toThrow(CliError)
    },
  )
})

describe('errors', () => {
  it.each([
    [new TlsError('unknown_ca', 'no path'), exitCodes.verification],
    [new TlsError('not_tls', 'HTTP'), exitCodes.handshake],
    [new TlsError('alert_received', 'handshake_failure'), exitCodes.handshake],
    [new TlsError('timeout', 'too slow'), exitCodes.connection],
    [new TlsError('bad_option', 'groups'), exitCodes.usage],
    [new TlsError('bad_key', 'no key'), exitCodes.input],
    [Object.assign(new Error('getaddrinfo ENOTFOUND x'), { code: 'ENOTFOUND', hostname: 'x' }), exitCodes.connection],
    [
      new AggregateError([Object.assign(new Error('connect'), { code: 'ECONNREFUSED', address: '::1', port: 1 })]),
      exitCodes.connection,
    ],
    [Object.assign(new Error('open'), { code: 'EACCES', path: '/root/x' }), exitCodes.input],
    [new RangeError('bug'), exitCodes.internal],
    ['text', exitCodes.internal],
  ])('%s', (thrown, code) => {
    expect(explain(thrown).exitCode).toBe(code)
    expect(explain(thrown).message).not.toMatch(/\n|\bat .*:\d+/)
  })
})

describe('completion', () => {
  const complete = (folder: string, line: string): readonly string[] => {
    const words = line.split(' ')
    const script =
      `source ./puretls.bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); ` +
      `COMP_CWORD=${words.length - 1}; _puretls; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' })
      .split('\n')
      .filter((word) => word !== '')
  }

  it('is given as JSON too', async () => {
    expect(jsonOf('completion', await runCli('completion fish --json'))).toMatchObject([{ shell: 'fish' }])
  })

  it('completes in bash', async () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'puretls.bash'), (await runCli('completion bash')).stdout)
    expect(complete(folder, 'puretls comp')).toEqual(['completion'])
    expect(complete(folder, 'puretls completion --js')).toEqual(['--json'])
    expect(complete(folder, 'puretls ')).toEqual(commands.map(({ name }) => name))
  })

  it.each(['bash', 'zsh', 'fish'])('%s: names every command and option', async (shell) => {
    const { stdout } = await runCli(`completion ${shell}`)
    for (const command of leaves())
      for (const name of Object.keys(command.options))
        expect(stdout).toContain(shell === 'fish' ? `-l ${optionName(name)}` : `--${optionName(name)}`)
  })
})

it('splits words as a shell does', () => {
  expect(wordsOf('puretls a "b c" --x=\'d e\'')).toEqual(['a', 'b c', '--x=d e'])
})
