// Records that a provider opens later, in the order in which they came: several at a time, for each is a job in another
// thread, and what is opened is handed on in turn. The reading direction asks it.

import { isPromise } from '../crypto/maybe.ts'
import type { RawRecord } from '../record/framing.ts'
import type { OpenedRecord, Opener } from '../record/protection.ts'
import type { Settled, Waits } from './waits.ts'

/** Most records that are being opened, or are opened and not handed on: at most 132 kB. */
const MAX_OPENING = 8

interface Opening {
  readonly record: RawRecord
  /** Undefined as long as it is being opened. */
  result: Settled<OpenedRecord> | undefined
}

export class OpeningQueue {
  readonly #waits: Waits
  #records: Opening[] = []

  constructor(waits: Waits) {
    this.#waits = waits
  }

  get empty(): boolean {
    return this.#records.length === 0
  }

  get full(): boolean {
    return this.#records.length >= MAX_OPENING
  }

  /** The first one has to be waited for. */
  get waiting(): boolean {
    const [first] = this.#records
    return first !== undefined && first.result === undefined
  }

  /** Begins to open a record: what is wrong with it is told in its turn. */
  begin(record: RawRecord, opener: Opener, maxContent: number): void {
    const opening: Opening = { record, result: undefined }
    const settle = (result: Settled<OpenedRecord>): void => {
      opening.result = result
    }
    this.#records.push(opening)
    try {
      const opened = opener.open(record, maxContent)
      if (isPromise(opened)) this.#waits.add(opened, settle)
      else settle({ value: opened })
    } catch (error) {
      settle({ error })
    }
  }

  /** The first record and what came of it, if it has been opened. */
  take(): Opening | undefined {
    return this.waiting ? undefined : this.#records.shift()
  }

  /** The keys changed: what was begun under the old ones is opened again. */
  restart(opener: Opener, maxContent: number): void {
    const records = this.#records
    this.#records = []
    for (const { record } of records) this.begin(record, opener, maxContent)
  }
}
