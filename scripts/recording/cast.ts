// The recording as an asciinema file, version 2: a header, and then a line for each time that something is written.

import { COLUMNS, ROWS } from './timing.ts'
import type { TimedScene } from './timing.ts'

const ESCAPE = String.fromCharCode(27)
const CLEAR = `${ESCAPE}[2J${ESCAPE}[H`

export const castOf = (scenes: readonly TimedScene[]): string => {
  const header = { version: 2, width: COLUMNS, height: ROWS, title: 'puretls cert, connect, trace and scan' }
  const events: (readonly [number, 'o', string])[] = []
  const write = (time: number, text: string): void => {
    events.push([Math.round(time * 1000) / 1000, 'o', text])
  }
  for (const { steps, start, end } of scenes) {
    write(start, CLEAR)
    for (const { command, output, prompt, typing, typed, printed } of steps) {
      write(prompt, '$ ')
      for (let index = 0; index < command.length; index++)
        write(typing + ((typed - typing) * index) / command.length, command.charAt(index))
      write(printed, `\r\n${output}\n`.replace(/\r?\n/g, '\r\n'))
    }
    write(end, '')
  }
  return `${[header, ...events].map((line) => JSON.stringify(line)).join('\n')}\n`
}
