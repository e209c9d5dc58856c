// The rows of docs/rfc-musts*.md, for the test of those pages and for scripts/rules.ts.

export interface RuleRow {
  /** With the RFC that it is of. */
  readonly section: string
  readonly rule: string
  readonly line: string
  readonly test: string
}

/** Of a page: those of all its tables, under headings that name the RFC. */
export const rowsOf = (page: string): readonly RuleRow[] => {
  let rfc = ''
  return page.split('\n').flatMap((text) => {
    rfc = /^## (RFC \d+)/.exec(text)?.[1] ?? rfc
    const [, section = '', rule = '', line = '', test = ''] =
      /^\| ((?:[A-F]\.)?\d[\d.]*) \| (.+?) \| (.+?) \| (.+?) \|$/.exec(text) ?? []
    return section === '' ? [] : [{ section: `${rfc} section ${section}`, rule, line, test }]
  })
}

export interface Quote {
  readonly path: string
  readonly quote: string
}

/** `path`: `quote`, in one or two backquotes. Undefined for anything else. */
export const quoteOf = (cell: string): Quote | undefined => {
  const [, path, , quote] = /^`((?:src|test)\/[^`]+)`: (`{1,2})(.+)\2$/.exec(cell) ?? []
  return path === undefined || quote === undefined ? undefined : { path, quote }
}
