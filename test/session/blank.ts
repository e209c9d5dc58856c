// A session of nothing, for tests that fill in what they are about.

import { newSession } from '../../src/session/state.ts'

const NONE = new Uint8Array(0)

export const blankSession = newSession({}, { version: 0, cipherSuite: 0, secret: NONE, lifetime: 0, createdAt: 0 })
