// What a terminal makes of a command's output: rows of at most so many columns, each of spans with one style. Of escape
// sequences only those are known that the command writes: SGR (ECMA-48 section 8.3.117) with the colours of 3-bit.

export interface Style {
  readonly bold: boolean
  readonly dim: boolean
  /** 0 to 7, black to white; undefined for the terminal's own. */
  readonly colour: number | undefined
}

export interface Span extends Style {
  readonly text: string
  /** Where it starts, from 0. */
  readonly column: number
}

export type Row = readonly Span[]

export const plain: Style = { bold: false, dim: false, colour: undefined }

const ESCAPE = String.fromCharCode(27)
const sequence = new RegExp(`(${ESCAPE}\\[[0-9;]*m)`)

/** Throws Error for a code that the command is not known to write, so that no style is lost silently. */
const styled = (style: Style, code: number): Style => {
  if (code === 0) return plain
  if (code === 1) return { ...style, bold: true }
  if (code === 2) return { ...style, dim: true }
  if (code === 22) return { ...style, bold: false, dim: false }
  if (code >= 30 && code <= 37) return { ...style, colour: code - 30 }
  if (code === 39) return { ...style, colour: undefined }
  throw new Error(`SGR ${code} is not known to the recording`)
}

/** Lines longer than `columns` go on in the next row, as a terminal wraps them. */
export const rowsOf = (text: string, columns: number): readonly Row[] => {
  const rows: Span[][] = [[]]
  let style = plain
  let column = 0
  const newRow = (): void => {
    rows.push([])
    column = 0
  }
  for (const [index, line] of text.replace(/\n$/, '').split('\n').entries()) {
    if (index > 0) newRow()
    for (const part of line.split(sequence)) {
      if (part.startsWith(ESCAPE)) {
        for (const code of part.slice(2, -1).split(';')) style = styled(style, Number(code))
        continue
      }
      let rest = part
      while (rest !== '') {
        if (column === columns) newRow()
        const fits = rest.slice(0, columns - column)
        rows.at(-1)?.push({ ...style, text: fits, column })
        column += fits.length
        rest = rest.slice(fits.length)
      }
    }
  }
  return rows
}
