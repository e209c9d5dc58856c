// A process of lock.test.ts: adds one to the number in a file, so many times, each under the lock.

import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { withLock } from '../../src/acme/lock.ts'

const [lock = '', counter = '', rounds = '1', staleMs = '30000'] = process.argv.slice(2)
for (let round = 0; round < Number(rounds); round++) {
  await withLock(
    lock,
    async () => {
      const before = Number(readFileSync(counter, 'utf8'))
      await pause(Math.random() * 2) // whoever else is in here loses an addition
      writeFileSync(counter, String(before + 1))
    },
    { staleMs: Number(staleMs) },
  )
}
