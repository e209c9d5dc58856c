// Marks what a module computes when it is loaded as free of side effects, so that a bundler leaves out what a program
// does not use. package.json's `sideEffects` says that of whole files, but the files of dist/ hold many modules each.
// `const table = make(rows)` becomes `const table = /* @__PURE__ */ (() => make(rows))()`.

import ts from 'typescript'

/** The source with its computed constants marked, but those that are taken apart: `const { a } = make()` stays. */
export const markPure = (fileName: string, source: string): string => {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.ES2023, true)
  const computed = file.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .flatMap(({ name, initializer }) =>
      initializer === undefined || !ts.isIdentifier(name) || isInert(initializer) ? [] : [initializer],
    )
  return computed.reduceRight((text, node) => {
    const [start, end] = [node.getStart(), node.end]
    return `${text.slice(0, start)}/* @__PURE__ */ (() => (${text.slice(start, end)}))()${text.slice(end)}`
  }, source)
}

/**
 * The source without the declarations of fields that a constructor assigns in any case: `class { x; constructor(x) {
 * this.x = x } }` says everything twice. Classes that extend others stay as they are, since an assignment may meet a
 * setter there.
 */
export const dropDeclaredFields = (fileName: string, source: string): string => {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.ES2023, true)
  const dropped = file.statements
    .filter(ts.isClassDeclaration)
    .filter(({ heritageClauses = [] }) => !heritageClauses.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword))
    .flatMap(({ members }) => {
      const assigned = new Set(
        members.flatMap((member) => (ts.isConstructorDeclaration(member) ? assignedBy(member) : [])),
      )
      return members.filter(ts.isPropertyDeclaration).filter(({ name, initializer, modifiers = [] }) => {
        const isStatic = modifiers.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
        return initializer === undefined && !isStatic && ts.isIdentifier(name) && assigned.has(name.text)
      })
    })
  return dropped.reduceRight((text, node) => text.slice(0, node.getStart()) + text.slice(node.end), source)
}

/** The properties that its statements assign whatever happens. */
const assignedBy = ({ body }: ts.ConstructorDeclaration): readonly string[] =>
  (body?.statements ?? []).flatMap((statement) => {
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) return []
    const { left, operatorToken } = statement.expression
    const isOwn = ts.isPropertyAccessExpression(left) && left.expression.kind === ts.SyntaxKind.ThisKeyword
    return isOwn && operatorToken.kind === ts.SyntaxKind.EqualsToken ? [left.name.text] : []
  })

/** Whether bundlers see by themselves that nothing happens here. */
const isInert = (node: ts.Expression): boolean => {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)) {
    return isInert(node.expression)
  }
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(isInert)
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.every(
      (property) =>
        ts.isShorthandPropertyAssignment(property) ||
        ((ts.isPropertyAssignment(property) || ts.isMethodDeclaration(property)) &&
          !ts.isComputedPropertyName(property.name) &&
          (ts.isMethodDeclaration(property) || isInert(property.initializer))),
    )
  }
  return (
    ts.isLiteralExpression(node) ||
    ts.isIdentifier(node) ||
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node) ||
    ts.isOmittedExpression(node) ||
    ts.isAwaitExpression(node) || // of a program, and not of a library
    node.kind === ts.SyntaxKind.TrueKeyword ||
    node.kind === ts.SyntaxKind.FalseKeyword ||
    node.kind === ts.SyntaxKind.NullKeyword
  )
}
