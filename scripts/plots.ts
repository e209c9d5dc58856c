// `npm run plots`: draws docs/performance.svg from docs/performance.json, the figures that `npm run bench -- --json`
// wrote: for each row of the bench a bar of puretls as a part of node:tls, over TCP and over a pair in memory.

import { readFileSync, writeFileSync } from 'node:fs'

interface Figure {
  readonly name: string
  readonly ratio: number
}

interface Row {
  readonly title: string
  readonly transport?: string
  readonly figures: readonly Figure[]
}

const folder = new URL('../docs/', import.meta.url)
const { results }: { results: readonly Row[] } = JSON.parse(readFileSync(new URL('performance.json', folder), 'utf8'))

const WIDTH = 900
const LEFT = 430
const LINE = 18
/** Pixels of a ratio of 1. */
const ONE = 260

const colours = new Map([
  ['puretls', '#2f6db5'],
  ['puretls/node', '#7fb069'],
  ['lemon-tls', '#c9a227'],
])

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const bars = results
  .filter(({ transport, figures }) => transport !== undefined && figures[0]?.name === 'node:tls')
  .flatMap(({ title, transport, figures }) =>
    figures
      .filter(({ name }) => colours.has(name))
      .map(({ name, ratio }, index) => ({
        label: index === 0 ? `${title}, ${transport === 'tcp' ? 'TCP' : 'pair'}` : '',
        name,
        ratio,
      })),
  )

const bar = ({ label, name, ratio }: (typeof bars)[number], index: number): string => {
  const y = 60 + index * LINE
  const width = Math.min(ratio, 1.6) * ONE
  return [
    `<text x="${LEFT - 8}" y="${y + 12}" text-anchor="end">${escaped(label)}</text>`,
    `<rect x="${LEFT}" y="${y + 2}" width="${width.toFixed(1)}" height="${LINE - 5}" fill="${colours.get(name)}"/>`,
    `<text x="${(LEFT + width + 5).toFixed(1)}" y="${y + 12}">${ratio.toFixed(2)}</text>`,
  ].join('\n')
}

const height = 70 + bars.length * LINE
const legend = [...colours].map(
  ([name, colour], index) =>
    `<rect x="${LEFT + index * 130}" y="30" width="10" height="10" fill="${colour}"/>` +
    `<text x="${LEFT + 15 + index * 130}" y="39">${name}</text>`,
)

writeFileSync(
  new URL('performance.svg', folder),
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" ` +
      'font-size="11">',
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="${LEFT}" y="18" font-size="13">Per second of processor time, node:tls in the same run = 1</text>`,
    ...legend,
    `<line x1="${LEFT + ONE}" y1="50" x2="${LEFT + ONE}" y2="${height - 5}" stroke="#c33" stroke-dasharray="3 3"/>`,
    ...bars.map(bar),
    '</svg>',
    '',
  ].join('\n'),
)
