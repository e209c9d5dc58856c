// What somebody gave as a reason, as an Error: of a signal, of an abort, of a stream that was cancelled.

import { expect, it } from 'vitest'
import { asError } from '../../src/stream/defer.ts'

it('an Error is itself, a text the message, and anything else the cause', () => {
  const error = new Error('mine')
  expect(asError(error, 'else')).toBe(error)
  expect(asError('too slow', 'else')).toMatchObject({ message: 'too slow', cause: 'too slow' })
  expect(asError({ code: 5 }, 'else')).toMatchObject({ message: 'else', cause: { code: 5 } })
  expect(asError(undefined, 'else').message).toBe('else')
  expect('cause' in asError(undefined, 'else')).toBe(false)
})
