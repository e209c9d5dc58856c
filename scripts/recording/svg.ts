// The recording as one SVG that needs no script: a dark window in which CSS animations show one scene after the other.
// Where nothing is animated (a converter, a reader who wants less motion) the first scene stands still.

import { plain } from './terminal.ts'
import type { Row, Span, Style } from './terminal.ts'
import { COLUMNS, ROWS } from './timing.ts'
import type { TimedScene, TimedStep } from './timing.ts'

/** Pixels. */
const FONT = 14
const CHARACTER = 8.4
const LINE = 19
const MARGIN = 18
const BAR = 34
const WIDTH = COLUMNS * CHARACTER + 2 * MARGIN
const HEIGHT = BAR + ROWS * LINE + MARGIN

const BACKGROUND = '#161b22'
const FOREGROUND = '#d5dbe3'
const DIM = '#8b949e'
const BRIGHT = '#ffffff'
const PROMPT = '#7ee787'
const colours = ['#484f58', '#ff7b72', '#7ee787', '#e3b341', '#79c0ff', '#d2a8ff', '#76e3ea', '#d5dbe3']

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const round = (value: number): number => Math.round(value * 100) / 100

const fillOf = ({ bold, dim, colour }: Style): string =>
  (colour === undefined ? undefined : colours[colour]) ?? (dim ? DIM : bold ? BRIGHT : FOREGROUND)

/**
 * What stands between two or more spaces is placed by itself, as viewers collapse spaces, and its width is fixed: so
 * columns stay columns in whatever monospace font the reader has.
 */
const span = ({ text, column, ...style }: Span, row: number, fill = fillOf(style)): string =>
  [...text.matchAll(/\S+(?: \S+)*/g)]
    .map(({ 0: words, index }) => {
      const x = round(MARGIN + (column + index) * CHARACTER)
      const weight = style.bold ? ' font-weight="bold"' : ''
      return (
        `<text x="${x}" y="${row * LINE + FONT}" textLength="${round(words.length * CHARACTER)}" ` +
        `fill="${fill}"${weight}>${escaped(words)}</text>`
      )
    })
    .join('')

const rowText = (row: Row, index: number): string => row.map((one) => span(one, index)).join('')

/** The picture, and a still of scene `still` for looking at one. */
export const svgOf = (scenes: readonly TimedScene[], still = 0): string => {
  const total = scenes.at(-1)?.end ?? 0
  const rules: string[] = []
  const percent = (time: number): string => `${round((time / total) * 100)}%`
  /** Animates one property; between the times it stays as it was, unless `timing` says how it moves. */
  const animated = (name: string, frames: readonly (readonly [number, string])[], timing = 'step-end'): string => {
    const lines = frames.map(([time, value]) => `${percent(time)}{${value}}`).join('')
    rules.push(`@keyframes ${name}{${lines}}`, `.${name}{animation:${name} ${round(total)}s ${timing} infinite}`)
    return name
  }
  const shown = (name: string, from: number, to: number): string =>
    animated(name, [
      ...(from === 0 ? [] : ([[0, 'opacity:0']] as const)),
      [from, 'opacity:1'],
      ...(to === total ? [] : ([[to, 'opacity:0']] as const)),
      [total, `opacity:${to === total ? 1 : 0}`],
    ])

  const stepOf = (step: TimedStep, id: string, end: number): string => {
    const typedWidth = (step.command.length + 1) * CHARACTER
    // A cover of the window's colour, the cursor at its left edge, moves off the command as it is typed.
    const cover = animated(
      `t${id}`,
      [
        [0, 'transform:none'],
        [step.typing, `transform:none;animation-timing-function:steps(${step.command.length})`],
        [step.typed, `transform:translateX(${round(step.command.length * CHARACTER)}px)`],
        [total, `transform:translateX(${round(step.command.length * CHARACTER)}px)`],
      ],
      'step-end',
    )
    const y = step.top * LINE
    const x = round(MARGIN + 2 * CHARACTER)
    return [
      `<g class="${shown(`p${id}`, step.prompt, end)}">`,
      span({ ...plain, text: '$', column: 0 }, step.top, PROMPT),
      span({ ...plain, bold: true, text: step.command, column: 2 }, step.top),
      `<g class="${shown(`c${id}`, step.prompt, step.printed)}" opacity="0"><g class="${cover}">`,
      `<rect x="${x}" y="${y}" width="${round(typedWidth)}" height="${LINE}" fill="${BACKGROUND}"/>`,
      `<rect x="${x}" y="${y + 1}" width="${CHARACTER}" height="${LINE - 3}" fill="${FOREGROUND}"/></g></g></g>`,
      `<g class="${shown(`o${id}`, step.printed, end)}">`,
      ...step.rows.map((row, index) => rowText(row, step.top + 1 + index)).filter((text) => text !== ''),
      '</g>',
    ].join('\n')
  }

  const sceneOf = ({ steps, height, start, end }: TimedScene, index: number): string => {
    const beyond = Math.max(0, height - ROWS) * LINE
    const printed = steps.at(-1)?.printed ?? start
    const reading = (end - printed) / 4
    const moved = `transform:translateY(${-beyond}px)`
    const scroll =
      beyond === 0
        ? ''
        : ` class="${animated(`s${index}`, [
            [0, 'transform:none'],
            [printed + reading, 'transform:none;animation-timing-function:linear'],
            [end - reading, moved],
            [total, moved],
          ])}"`
    const content = steps.map((step, number) => stepOf(step, `${index}-${number}`, end)).join('\n')
    const scene = shown(`v${index}`, start, end)
    return `<g class="${scene}" opacity="${index === still ? 1 : 0}"><g${scroll}>\n${content}\n</g></g>`
  }

  const content = scenes.map(sceneOf)
  const lamps = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${MARGIN + 4 + index * 19}" cy="17" r="5.5" fill="${fill}"/>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" ` +
      `font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" ` +
      `font-size="${FONT}">`,
    '<title>puretls cert, connect, trace and scan in a terminal</title>',
    // Animations are for those who have asked for no less of them.
    `<style>@media (prefers-reduced-motion: no-preference){${rules.join('')}}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="9" fill="${BACKGROUND}"/>`,
    ...lamps,
    `<clipPath id="window"><rect y="${BAR}" width="${WIDTH}" height="${ROWS * LINE + 1}"/></clipPath>`,
    `<g clip-path="url(#window)"><g transform="translate(0 ${BAR})">`,
    ...content,
    '</g></g>',
    '</svg>',
    '',
  ].join('\n')
}
