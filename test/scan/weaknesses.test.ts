// The tests of weaknesses that no server of today has: a server that has them (vulnerable.ts), and the same one
// without.

import { describe, expect, it } from 'vitest'
import { jsonOf, runCli } from '../cli/harness.ts'
import { weakServer } from './vulnerable.ts'
import type { Weak } from './vulnerable.ts'

interface Report {
  readonly grade: { readonly grade: string; readonly reasons: readonly unknown[] }
}

const scanned = async (weak: Weak): Promise<{ readonly verdicts: Record<string, string>; readonly report: Report }> => {
  const server = await weakServer(weak)
  try {
    const result = await runCli(`scan 127.0.0.1:${server.port} --delay 0ms --parallel 4 --timeout 2s --json`)
    expect(result.stderr).toBe('')
    const [report] = jsonOf('scan', result)
    return {
      report,
      verdicts: Object.fromEntries(
        report.weaknesses.map(({ name, verdict }: { name: string; verdict: string }) => [name, verdict]),
      ),
    }
  } finally {
    server.stop()
  }
}

const all = [0x0300, 0x0301, 0x0302, 0x0303]
const cases: readonly (readonly [name: string, bad: Weak, good: Weak, verdict: string])[] = [
  ['DROWN', { ssl2: true }, {}, 'vulnerable'],
  ['POODLE', { versions: all }, { versions: all.slice(1) }, 'vulnerable'],
  ['BEAST', { versions: [0x0301] }, { versions: [0x0302] }, 'vulnerable'],
  ['Heartbleed', { heartbleed: true }, { heartbleed: false }, 'vulnerable'],
  ['CCS injection', { ccs: true }, { ccs: false }, 'vulnerable'],
  ['ROBOT', { robot: true }, { robot: false }, 'vulnerable'],
  ['CRIME', { compression: true }, { compression: false }, 'vulnerable'],
  ['insecure renegotiation', { secureRenegotiation: false }, {}, 'vulnerable'],
  ['downgrade', { versions: all, fallbackScsv: false }, { versions: all }, 'potentially vulnerable'],
  ['FREAK', { suites: [0x03, 0x2f] }, { suites: [0x2f] }, 'vulnerable'],
  ['EXPORT', { suites: [0x14, 0x2f] }, { suites: [0x33, 0x2f] }, 'vulnerable'],
  ['LOGJAM', { suites: [0x14, 0x2f], dhBits: 512 }, { suites: [0x33, 0x39] }, 'vulnerable'],
  ['LOGJAM', { suites: [0x33, 0x39], dhBits: 1024 }, { suites: [0x33, 0x39] }, 'potentially vulnerable'],
  ['Raccoon', { suites: [0x33, 0x39], sameDhKey: true }, { suites: [0x33, 0x39] }, 'vulnerable'],
  ['RC4', { suites: [0x05] }, { suites: [0x2f] }, 'vulnerable'],
  ['SWEET32', { suites: [0x0a] }, { suites: [0x2f] }, 'vulnerable'],
  ['LUCKY13', { suites: [0x2f] }, { suites: [0x9c] }, 'potentially vulnerable'],
  ['NULL', { suites: [0x02] }, { suites: [0x2f] }, 'vulnerable'],
]

describe('each weakness is seen where it is, and not where it is not', () => {
  it.each(cases)('%s: %j', async (name, bad, good, verdict) => {
    expect((await scanned(bad)).verdicts[name]).toBe(verdict)
    expect((await scanned(good)).verdicts[name]).toBe('not vulnerable')
  })

  it('grades: F for what can be broken, C for what is old', async () => {
    expect((await scanned({ heartbleed: true })).report.grade.grade).toBe('F')
    expect((await scanned({ versions: all, suites: [0x9c, 0x2f] })).report.grade.reasons).toEqual(
      expect.arrayContaining([{ ceiling: 'C', reason: 'SSL 3.0 is offered (POODLE)' }]),
    )
  })
})

describe('bad input', () => {
  it.each([
    ['scan 127.0.0.1:1', 4],
    ['scan', 2],
    ['scan ""', 2],
    ['scan 127.0.0.1:1 --compare missing.json', 3],
    ['scan 127.0.0.1:1 --min-grade Z', 2],
  ])('%s', async (line, code) => {
    const result = await runCli(line)
    expect(result.code).toBe(code)
    expect(result.stderr).toMatch(/^error: [^\n]+/)
  })

  it('a server that speaks something else', async () => {
    const { createServer } = await import('node:net')
    const plain = createServer((socket) => socket.on('error', () => {}).end('220 mail.example.com\r\n'))
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const result = await runCli(`scan 127.0.0.1:${(plain.address() as { port: number }).port} --timeout 1s --delay 0ms`)
    plain.close()
    expect(result.code).toBe(5)
    expect(result.stderr).toMatch(/speaks no version of TLS or SSL/)
  })
})
