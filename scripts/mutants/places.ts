// Where src can be changed, and how: each mutant is one change to one place, as text. Types are left alone.

import ts from 'typescript'

/** One change: `mutated` stands in place of what is between `start` and `end`. */
export interface Mutant {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly mutated: string
  /** How the change is compiled in beside the original: as an expression, or as a statement that is left out. */
  readonly kind: 'expression' | 'statement'
  /** The parts of the place that stand in `mutated` as well, so that other mutants in them work there too. */
  readonly operands?: readonly [left: ts.Node, operator: string, right: ts.Node] | undefined
  /** The place begins an expression statement, where a parenthesis would go on with the line before. */
  readonly opens: boolean
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
  [ts.SyntaxKind.AsteriskToken, '+'],
  [ts.SyntaxKind.PlusEqualsToken, '-='],
  [ts.SyntaxKind.MinusEqualsToken, '+='],
])

type Change = Pick<Mutant, 'mutated' | 'kind'> & { readonly at: ts.Node; readonly operands?: Mutant['operands'] }

const instead = (at: ts.Node, ...texts: readonly string[]): readonly Change[] =>
  texts.filter((text) => text !== at.getText()).map((mutated) => ({ at, mutated, kind: 'expression' }))

const leftOut = (at: ts.Node): readonly Change[] => [{ at, mutated: ';', kind: 'statement' }]

const changesOfBinary = (node: ts.BinaryExpression): readonly Change[] => {
  const { left, right, operatorToken } = node
  if (operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) return instead(node, left.getText())
  const operator = operators.get(operatorToken.kind)
  if (operator === undefined) return []
  // Text is joined by + and never subtracted.
  if (operator === '-' && [left, right].some(isText)) return []
  const mutated = `${left.getText()} ${operator} ${right.getText()}`
  return [{ at: node, mutated, kind: 'expression', operands: [left, operator, right] }]
}

const isText = (node: ts.Node): boolean =>
  ts.isStringLiteral(node) ||
  ts.isTemplateExpression(node) ||
  ts.isNoSubstitutionTemplateLiteral(node) ||
  (ts.isBinaryExpression(node) && (isText(node.left) || isText(node.right)))

const isSuperCall = (node: ts.Node): boolean =>
  ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword

/** What may stand in place of this node or of a part of it. */
const changesOf = (node: ts.Node): readonly Change[] => {
  if (ts.isBinaryExpression(node)) return changesOfBinary(node)
  if (ts.isNumericLiteral(node)) return ts.isPropertyName(node) && isKey(node) ? [] : instead(node, `${+node.text + 1}`)
  if (node.kind === ts.SyntaxKind.TrueKeyword) return instead(node, 'false')
  if (node.kind === ts.SyntaxKind.FalseKeyword) return instead(node, 'true')
  if (ts.isThrowStatement(node)) return leftOut(node)
  if (ts.isExpressionStatement(node)) return isSuperCall(node.expression) ? [] : leftOut(node)
  if (ts.isReturnStatement(node) && node.expression) return instead(node.expression, 'undefined')
  if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) return instead(node.body, 'undefined')
  if (ts.isIfStatement(node)) return instead(node.expression, 'true', 'false')
  if (ts.isConditionalExpression(node)) return instead(node.condition, 'true', 'false')
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
    return instead(node, node.operand.getText())
  return []
}

const isKey = (node: ts.Node): boolean =>
  (ts.isPropertyAssignment(node.parent) || ts.isPropertyDeclaration(node.parent)) && node.parent.name === node

const opensStatement = (node: ts.Node, source: ts.SourceFile): boolean => {
  for (let at = node.parent; at.getStart(source) === node.getStart(source); at = at.parent)
    if (ts.isExpressionStatement(at)) return true
  return false
}

export const mutantsOf = (file: string, text: string): readonly Mutant[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: Mutant[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    for (const { at, ...change } of changesOf(node)) {
      const opens = change.kind === 'expression' && opensStatement(at, source)
      found.push({ file, start: at.getStart(source), end: at.end, opens, ...change })
    }
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

/** `count` of the mutants, each at most once, in the order in which the seed draws them. */
export const draw = (all: readonly Mutant[], seed: number, count: number): readonly Mutant[] => {
  const next = numbersOf(seed)
  const drawn = new Set<Mutant>()
  while (drawn.size < Math.min(count, all.length)) {
    const mutant = all[Math.floor(next() * all.length)]
    if (mutant) drawn.add(mutant)
  }
  return [...drawn]
}
