// Abort, silence, failure and nonsense at every point where a connection waits: for each point of each flow, at either
// end. Whatever waits ends, with a TlsError of the right code; the peer is told as far as it can be; nothing stays.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { TlsError } from '../../src/errors.ts'
import { flows, outcomeOf, run } from './await-flows.ts'
import type { Result, Role } from './await-flows.ts'
import type { Fate } from './await-points.ts'

const unhandled: unknown[] = []
const note = (reason: unknown): void => void unhandled.push(reason)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  unhandled.length = 0
  process.on('unhandledRejection', note)
})

afterEach(() => {
  vi.useRealTimers()
  process.off('unhandledRejection', note)
})

/** What saves work, and what only hears of things: a connection goes on without its answer. */
const optional = /^(sessions\.|protector\.|store\.|guard|verifier\.mayResume)/

/** The codes that the end may be left with; 'done' where it had its answer already, or goes on without. */
const allowed: Readonly<Record<Fate, (met: string) => readonly string[]>> = {
  aborted: () => ['aborted'],
  'aborted, then fails': () => ['aborted'],
  'never answered': (met) => {
    if (optional.test(met) || met === 'onSession') return ['done']
    // the peer may lose patience first, and what ends the stream may be awaited in vain after all was said
    return ['timeout', 'alert_received', ...(met === 'stream.read' ? ['done'] : [])]
  },
  fails: failure,
  throws: failure,
  nonsense: () => [], // any TlsError
}

function failure(met: string): readonly string[] {
  if (optional.test(met)) return ['done']
  if (met === 'stream.read') return ['transport_failed', 'done']
  if (met.startsWith('stream.')) return ['transport_failed']
  return met === 'verifier.verify' || met === 'verifyConnection' ? ['verifier_refused'] : ['internal_error']
}

/** The stream and the sealing of records are what an alert needs. */
const cannotTell = /^(stream\.|key\.seal|cipher\.importKey)/

const check = (result: Result, fate: Fate): void => {
  const { met = '', victim, peer } = result
  expect(victim).not.toBe('hangs')
  expect(peer).not.toBe('hangs')
  if (victim instanceof Error) expect(victim).toBeInstanceOf(TlsError)
  const codes = allowed[fate](met)
  const outcome = victim instanceof TlsError ? victim.code : String(victim)
  if (codes.length > 0) expect(codes).toContain(outcome)
  // nonsense is no proof, and no answer of the peer's makes up for a message that was never sent
  if (fate === 'nonsense' && /^(provider\.verify|verifier\.verify|signer\.sign)$/.test(met)) {
    expect(outcome).not.toBe('done')
  }
  const told = !cannotTell.test(met) && !result.established && outcome !== 'done'
  if (told && fate !== 'nonsense') expect(outcomeOf(peer)).toMatch(/^(alert_received|closed) \(/)
  expect(String(peer)).not.toContain('a clean end')
  expect({ ...result.stream, timers: result.timers, listeners: result.listeners, unhandled }).toMatchObject({
    usedAfterAbort: undefined,
    timers: 0,
    listeners: 0,
    unhandled: [],
  })
  if (outcome !== 'done') expect(result.stream.closed || result.stream.aborted).toBe(true)
}

const fates: readonly Fate[] = ['aborted', 'aborted, then fails', 'never answered', 'fails', 'throws', 'nonsense']
const roles: readonly Role[] = ['client', 'server']

describe.each(Object.keys(flows))('%s', (flow) => {
  it.each(roles)('at the %s, nothing is left waiting', async (role) => {
    const whole = await run(flow, role)
    expect([whole.victim, whole.peer]).toEqual(['done', 'done'])
    expect(whole.points.length).toBeGreaterThan(20)
    const wrong: string[] = []
    for (const fate of fates) {
      for (let at = 0; at < whole.points.length; at++) {
        const result = await run(flow, role, at, fate)
        try {
          check(result, fate)
        } catch (error) {
          const told = `${outcomeOf(result.victim)}, the peer: ${outcomeOf(result.peer)}`
          wrong.push(`${at} ${result.met} ${fate}: ${told}: ${String(error).split('\n').slice(0, 12).join(' ')}`)
          unhandled.length = 0
        }
      }
    }
    expect(wrong).toEqual([])
  })
})
