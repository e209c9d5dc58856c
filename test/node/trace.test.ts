// `--trace-tls`: every connection of the process writes its trace, and one warning says so.

import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const { execArgv } = process
beforeEach(() => void vi.resetModules())
afterEach(() => {
  process.execArgv = execArgv
  vi.restoreAllMocks()
})

it('traces every socket with --trace-tls, and warns once', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const { TLSSocket } = await import('../../src/node/index.ts')
  const traces = (options = {}): boolean => {
    const socket = new TLSSocket(new PassThrough(), options)
    socket.destroy()
    return socket._puretls.isTracing
  }
  expect([traces(), traces({ enableTrace: true }), traces({ enableTrace: false })]).toEqual([false, true, false])
  expect(warn).not.toHaveBeenCalled()
  process.execArgv = ['--trace-tls']
  expect([traces(), traces({ enableTrace: false })]).toEqual([true, true])
  expect(warn.mock.calls).toEqual([['Enabling --trace-tls can expose sensitive data in the resulting log']])
})
