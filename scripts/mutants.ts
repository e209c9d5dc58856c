// Whether the tests miss a fault in src outside x509, pki and roots: `npm run mutants -- --seed 1 --count 20`. Each
// mutant is one change to one file, drawn by the seed and written into a temporary copy; the tests related to that file
// run on it. `--from N` leaves out the first N, so that a count can be run in slices.

import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import ts from 'typescript'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '20' },
    from: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '180' },
  },
})
const [seed = 1, count = 20, seconds = 180, from = 0] = [values.seed, values.count, values.seconds, values.from].map(
  Number,
)

interface Mutant {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly text: string
}

const operators: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.PlusToken, '-'],
  [ts.SyntaxKind.MinusToken, '+'],
])

/** What may be written in place of this node, and which part of it that replaces. */
const changesOf = (node: ts.Node): readonly (readonly [ts.Node, string])[] => {
  if (ts.isBinaryExpression(node)) {
    const other = operators.get(node.operatorToken.kind)
    return other === undefined ? [] : [[node.operatorToken, other]]
  }
  if (ts.isNumericLiteral(node)) return [[node, String(Number(node.text) + 1)]]
  if (ts.isThrowStatement(node)) return [[node, ';']]
  if (ts.isReturnStatement(node) && node.expression) return [[node.expression, 'undefined']]
  if (ts.isIfStatement(node))
    return [
      [node.expression, 'true'],
      [node.expression, 'false'],
    ]
  if (ts.isConditionalExpression(node))
    return [
      [node.condition, 'true'],
      [node.condition, 'false'],
    ]
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
    return [[node, node.operand.getText()]]
  return []
}

const mutantsOf = (file: string): readonly Mutant[] => {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const found: Mutant[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    for (const [part, text] of changesOf(node)) found.push({ file, start: part.getStart(source), end: part.end, text })
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
const numbersOf = (state: number) => (): number => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

/** `void`: the related tests fail without the mutant as well, so that they say nothing. */
type Verdict = 'killed' | 'survived' | 'timed out' | 'void'

/** Runs the tests that import `file`, in a process group of its own, which ends with the time limit. */
const judge = (folder: string, file: string): Promise<Verdict> =>
  new Promise((resolve, reject) => {
    const vitest = join(folder, 'node_modules/vitest/vitest.mjs')
    const child = spawn(process.execPath, [vitest, 'related', file, '--run', '--bail', '1'], {
      cwd: folder,
      stdio: 'ignore',
      detached: true,
    })
    let late = false
    const timer = setTimeout(() => {
      late = true
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }, seconds * 1000)
    child.on('error', reject)
    child.on('exit', (code) => {
      clearTimeout(timer)
      resolve(late ? 'timed out' : code === 0 ? 'survived' : 'killed')
    })
  })

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((name) => join('src', name))
  .filter((name) => name.endsWith('.ts') && !/^src[/\\](x509|pki|roots)[/\\]/.test(name))
  .toSorted()
const all = files.flatMap(mutantsOf)
const next = numbersOf(seed)
const drawn = new Set<Mutant>()
while (drawn.size < Math.min(count, all.length)) {
  const mutant = all[Math.floor(next() * all.length)]
  if (mutant) drawn.add(mutant)
}

const folder = mkdtempSync(join(tmpdir(), 'puretls-mutants-'))
const tally: Record<Verdict, number> = { killed: 0, survived: 0, 'timed out': 0, void: 0 }
const passesAsItIs = new Map<string, boolean>()
try {
  for (const name of readdirSync('.')) {
    if (name === 'node_modules' || name === 'vectors') symlinkSync(join(process.cwd(), name), join(folder, name))
    else if (name !== '.git' && name !== 'dist') cpSync(name, join(folder, name), { recursive: true })
  }
  for (const { file, start, end, text } of [...drawn].slice(from)) {
    const original = readFileSync(file, 'utf8')
    writeFileSync(join(folder, file), original.slice(0, start) + text + original.slice(end))
    let verdict = await judge(folder, file)
    writeFileSync(join(folder, file), original)
    if (verdict === 'killed') {
      const passes = passesAsItIs.get(file) ?? (await judge(folder, file)) === 'survived'
      passesAsItIs.set(file, passes)
      if (!passes) verdict = 'void'
    }
    tally[verdict]++
    const before = original.slice(original.lastIndexOf('\n', start) + 1, start).trimStart()
    const after = original.slice(end, original.indexOf('\n', end))
    const line = original.slice(0, start).split('\n').length
    console.log(
      `${verdict} ${file}:${line} ${original.slice(start, end).replaceAll(/\s+/g, ' ')} -> ${text}    ` +
        `${before}[${text}]${after}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(
  `mutants: ${tally.killed} killed, ${tally.survived} survived, ${tally['timed out']} timed out, ${tally.void} ` +
    `void of ${drawn.size - from}, ` +
    `seed ${seed}`,
)
