// Reads OpenSSL's table of verifications, test/recipes/25-test_verify.t: the calls of verify() with what each expects.
// It is Perl, of which no more is understood than these calls are written in: strings, qw(), lists and variables.

export interface RecipeCase {
  /** As the recipe calls it. */
  readonly title: string
  readonly expected: boolean
  /** What the recipe calls: `verify` has the fields below; all else has none of them. */
  readonly call: 'verify' | 'vfy_root' | 'run' | 'grep'
  /** Names of files in test/certs, without their ending. */
  readonly certificate: string
  /** `sslserver`, `sslclient` or nothing. */
  readonly purpose: string
  readonly trusted: readonly string[]
  readonly untrusted: readonly string[]
  /** Further arguments of `openssl verify`. */
  readonly options: readonly string[]
}

/** All assertions of the recipe, in its order. Throws for an assertion that is written in another way. */
export const readRecipe = (text: string): readonly RecipeCase[] =>
  [...text.matchAll(/^ *ok(?:_nofips)?\(\s*(!?)\s*(verify|vfy_root|run|grep)\(/gm)].map((match) => {
    const [whole, not, call] = match
    const scanner = new Scanner(text, match.index + whole.length)
    const values = call === 'verify' ? scanner.list(')') : scanner.skip()
    const isRefusal = not === '!' || exitCheck.test(text.slice(0, match.index))
    return caseOf(!isRefusal, call, values, scanner.title())
  })

/** The end of what stands before an assertion that the command exits with 2. */
const exitCheck = /exit_checker => sub \{ return shift == 2; \} \},\s*sub \{\s*$/

type Value = string | readonly Value[]

const caseOf = (expected: boolean, call: string | undefined, values: readonly Value[], title: string): RecipeCase => {
  if (call === 'vfy_root' || call === 'run' || call === 'grep') return { ...nothing, title, expected, call }
  const [certificate, purpose, trusted, untrusted, ...options] = values
  return {
    title,
    expected,
    call: 'verify',
    certificate: textOf(certificate),
    purpose: textOf(purpose),
    trusted: listOf(trusted),
    untrusted: listOf(untrusted),
    options: options.map(textOf),
  }
}

const nothing = { certificate: '', purpose: '', trusted: [], untrusted: [], options: [] } as const

const textOf = (value: Value | undefined): string => {
  if (typeof value === 'string') return value
  throw new Error('the recipe has a list where a text belongs')
}

const listOf = (value: Value | undefined): readonly string[] => {
  if (value === undefined || typeof value === 'string') throw new Error('the recipe has no list where one belongs')
  return value.map(textOf)
}

class Scanner {
  readonly #text: string
  #at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  /** Values up to a closing bracket, which is taken too. Variables are texts that begin with $ or @. */
  list(end: string): Value[] {
    const values: Value[] = []
    for (;;) {
      this.#space()
      if (this.#take(end)) return values
      if (this.#take('[')) values.push(this.list(']'))
      else values.push(...this.#scalars())
    }
  }

  /** Past the closing parenthesis of a call that is not read. */
  skip(): Value[] {
    for (let depth = 1; depth > 0; this.#at++) {
      const sign = this.#text[this.#at]
      if (sign === undefined) throw new Error('the recipe ends within a call')
      depth += sign === '(' || sign === '{' ? 1 : sign === ')' || sign === '}' ? -1 : 0
    }
    return []
  }

  /** The second argument of ok(). */
  title(): string {
    this.#space()
    return this.#scalars()[0] ?? ''
  }

  #scalars(): string[] {
    const rest = this.#text.slice(this.#at)
    const found = /^(?:qw\(([^)]*)\)|"([^"]*)"|'([^']*)'|([$@][a-z_]\w*))/i.exec(rest)
    if (found === null) throw new Error(`the recipe has something unknown: ${rest.slice(0, 40)}`)
    const [whole, words, double, single, variable] = found
    this.#at += whole.length
    if (words !== undefined) return words.split(/\s+/).filter((word) => word !== '')
    return [double ?? single ?? variable ?? '']
  }

  #take(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false
    this.#at++
    return true
  }

  #space(): void {
    while (/[\s,]/.test(this.#text[this.#at] ?? '')) this.#at++
  }
}
