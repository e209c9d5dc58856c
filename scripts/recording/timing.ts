// When what is seen: a command is typed, then its output is there at once, and stays long enough to be read; the
// picture and the .cast file have the same times.

import { rowsOf } from './terminal.ts'
import type { Row } from './terminal.ts'
import type { Scene } from './scenes.ts'

export const COLUMNS = 100
/** Rows of the window; a longer scene is scrolled. */
export const ROWS = 32

/** Seconds. */
const BEFORE_TYPING = 0.6
const FOR_A_CHARACTER = 0.04
const BEFORE_OUTPUT = 0.4
const FOR_A_ROW = 0.22
const AT_LEAST = 2.5

export interface TimedStep {
  readonly command: string
  readonly output: string
  readonly rows: readonly Row[]
  /** Its prompt's row in the scene, from 0. */
  readonly top: number
  /** Seconds from the start: the prompt is there, typing begins, it is typed, the output is there. */
  readonly prompt: number
  readonly typing: number
  readonly typed: number
  readonly printed: number
}

export interface TimedScene {
  readonly steps: readonly TimedStep[]
  /** Rows that it has, of which ROWS are seen. */
  readonly height: number
  readonly start: number
  readonly end: number
}

export const timed = (scenes: readonly Scene[]): readonly TimedScene[] => {
  let now = 0
  return scenes.map((scene) => {
    const start = now
    let top = 0
    const steps = scene.map(({ command, output }) => {
      const rows = rowsOf(output, COLUMNS)
      const prompt = now
      const typing = prompt + BEFORE_TYPING
      const typed = typing + command.length * FOR_A_CHARACTER
      const printed = typed + BEFORE_OUTPUT
      const step = { command, output, rows, top, prompt, typing, typed, printed }
      top += rows.length + 2
      now = printed + Math.max(AT_LEAST, rows.length * FOR_A_ROW)
      return step
    })
    return { steps, height: top - 1, start, end: now }
  })
}
