// Lines of a hexdump with a label beside each run of bytes.

import type { Annotation } from './annotate.ts'

const PER_LINE = 16

/** Sixteen bytes a line at most; a label stands on the first line of its run. */
export const hexdump = (bytes: Uint8Array, annotations: readonly Annotation[], indent = '  '): readonly string[] =>
  annotations.flatMap(({ start, end, depth, label }) => {
    const text = `${'  '.repeat(depth)}${label}`
    if (start === end) return [line(indent, start, '', text)]
    const lines: string[] = []
    for (let offset = start; offset < end; offset += PER_LINE) {
      const part = bytes.subarray(offset, Math.min(end, offset + PER_LINE))
      const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
      lines.push(line(indent, offset, hex, offset === start ? text : ''))
    }
    return lines
  })

const line = (indent: string, offset: number, hex: string, text: string): string =>
  `${indent}${offset.toString(16).padStart(4, '0')}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${text}`.trimEnd()
