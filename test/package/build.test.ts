// What the build makes of a module (scripts/build): a bundler can leave out what a program does not use.

import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { chunkNames } from '../../scripts/build/chunks.ts'
import { dropDeclaredFields, markPure } from '../../scripts/build/pure.ts'

const bundled = async (source: string): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents: source, loader: 'ts' },
    bundle: true,
    treeShaking: true,
    external: ['./other'],
    write: false,
    format: 'esm',
  })
  return outputFiles[0]?.text ?? ''
}

describe('constants of a module', () => {
  it.each([
    ['calls', 'const unused = make(1)'],
    ['properties', 'const unused = tables.row'],
    ['objects', 'const unused: Row = { ...base, key: [make(1)] }'],
    ['new objects', 'let unused = new Table(base.rows)'],
    ['several at once', 'const unused = make(make(2)) as Row, also = `${make(3)}`'],
  ])('are left out by bundlers if nothing uses them: %s', async (_, constant) => {
    const source = `import { make, tables, Table, base } from './other'\n${constant}\nexport const used = 1`
    expect(await bundled(source)).toContain('unused')
    const marked = await bundled(markPure('module.ts', source))
    expect(marked).toContain('used = 1')
    expect(marked).not.toMatch(/unused|also|\(/)
  })

  it('stay as they are where nothing is computed, and in functions', () => {
    const source = "const a = 1\nconst b = { c: ['d', a] as const, e: (f) => g(f) }\nfunction h() { const i = j() }"
    expect(markPure('module.ts', source)).toBe(source)
  })
})

describe('fields of a class', () => {
  const source = (rest: string): string => `class A${rest}`
  it('are not declared where the constructor assigns them in any case', () => {
    const both = source(' implements B { readonly x: X; y: Y; constructor(x: X) { this.x = x; this.y = f(x) } }')
    const kept = source(' implements B {   constructor(x: X) { this.x = x; this.y = f(x) } }')
    expect(dropDeclaredFields('module.ts', both)).toBe(kept)
  })

  it.each([
    ['assigned later or never', ' { x; constructor(y) { if (y) this.x = y } f() { this.x = 1 } }'],
    ['added to', ' { x; constructor(y) { this.x ??= y } }'],
    ['private', ' { #x; constructor(x) { this.#x = x } }'],
    ['static', ' { static x; constructor(x) { this.x = x } }'],
    ['with a value', ' { x = 1; constructor(x) { this.x = x } }'],
    ['of another object', ' { x; constructor(y) { y.x = 1 } }'],
    [
      'of a class that extends another, which may have a setter',
      ' extends B { x; constructor(x) { super(); this.x = x } }',
    ],
  ])('stay: %s', (_, rest) => {
    expect(dropDeclaredFields('module.ts', source(rest))).toBe(source(rest))
  })
})

describe('files of dist/shared', () => {
  const imports: Record<string, string[]> = {
    node: ['wire', 'builtins'],
    machines: ['wire', 'engine', 'names', 'reading', 'writing', 'later', 'paths', 'staples', 'every', 'builtins'],
    client: ['wire', 'engine', 'names', 'reading'],
    server: ['wire', 'engine', 'names', 'writing', 'later'],
    x509: ['wire', 'names', 'paths', 'staples', 'other'],
    core: ['wire', 'engine', 'every'],
    api: ['wire', 'engine', 'names', 'paths', 'every', 'builtins'],
  }
  const roots = {
    node: 'node',
    machines: 'machines',
    client: 'client',
    server: 'server',
    certificates: 'x509',
    apart: ['x509'],
    compatible: 'api',
  }
  const nameOf = chunkNames(
    { ...roots, anywhere: ['client', 'server', 'x509', 'core'] },
    (module) => imports[module] ?? [],
    (module) => module === 'later',
  )

  it('hold what the entry for Node loads at once, with its first connection, and for one side', () => {
    expect(['wire', 'engine', 'reading', 'writing', 'paths', 'every'].map(nameOf)).toEqual([
      'base',
      'engine',
      'client',
      'server',
      'verifier',
      'features',
    ])
  })

  it('hold apart from the engine what is of use without one, and from paths what puretls/node loads later', () => {
    expect(['names', 'staples'].map(nameOf)).toEqual(['common', 'stapling'])
  })

  it("hold what needs Node's builtins apart, and nothing that Node's entry does not use", () => {
    expect(['builtins', 'other'].map(nameOf)).toEqual(['node', undefined])
  })

  it('hold no module that loads others later: who imports the file would get what those share with it', () => {
    expect(nameOf('later')).toBe(undefined)
  })
})
