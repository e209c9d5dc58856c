// Which file the key log goes to, and what is said of it: by the rules of Node's --tls-keylog.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const { execArgv } = process
let directory = ''

beforeEach(() => {
  vi.resetModules()
  vi.stubEnv('NODE_OPTIONS', undefined)
  vi.stubEnv('SSLKEYLOGFILE', undefined)
  directory = mkdtempSync(join(tmpdir(), 'puretls-'))
})
afterEach(() => {
  process.execArgv = execArgv
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(directory, { recursive: true })
})

const load = async () => import('../../src/node/keylog.ts')

describe('the file of the key log', () => {
  it.each([
    [[], undefined, undefined, undefined],
    [['--tls-keylog=/a'], undefined, undefined, '/a'],
    [['--other', '--tls-keylog', '/a', '--more'], undefined, undefined, '/a'],
    [['--tls-keylogger=/a'], undefined, undefined, undefined],
    [[], '--other --tls-keylog=/b=c --more', undefined, '/b=c'],
    [[], '  --tls-keylog   /b ', undefined, '/b'],
    [['--tls-keylog=/a'], '--tls-keylog=/b', '/c', '/a'],
    [[], '--tls-keylog=/b', '/c', '/b'],
    [[], '--other', '/c', '/c'],
    [['--tls-keylog='], undefined, '/c', '/c'],
    [['--tls-keylog'], undefined, undefined, undefined],
    [[], undefined, '', undefined],
  ])('%j, NODE_OPTIONS %s, SSLKEYLOGFILE %s: %s', async (words, options, variable, file) => {
    const { keyLogFile } = await load()
    process.execArgv = words
    vi.stubEnv('NODE_OPTIONS', options)
    vi.stubEnv('SSLKEYLOGFILE', variable)
    expect(keyLogFile()).toBe(file)
  })
})

describe('a line of the key log', () => {
  it('is appended to a file of its owner alone, with one warning', async () => {
    const { appendKeyLog } = await load()
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const file = join(directory, 'keys')
    appendKeyLog(file, Buffer.from('one\n'))
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('one\n'), 60_000)
    appendKeyLog(file, Buffer.from('two\n'))
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n'), 60_000)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(warn.mock.calls).toEqual([
      [`Using --tls-keylog makes TLS connections insecure by writing secret key material to file ${file}`],
    ])
  })
  it('that cannot be written gives one warning more', async () => {
    const { appendKeyLog } = await load()
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    for (const line of ['one\n', 'two\n']) appendKeyLog(join(directory, 'nowhere/keys'), Buffer.from(line))
    await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(2), 60_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(warn.mock.calls.slice(1)).toEqual([
      [expect.stringMatching(/^Failed to write TLS keylog \(this warning will not be repeated\): Error: ENOENT/)],
    ])
  })
})
