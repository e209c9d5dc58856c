// Code points are spelled in wire/registry.ts, wire/numbers.ts and errors.ts, and nowhere else in src/. The sources are
// parsed, so that comments may name what they like.

import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const spellers = new Set([
  'src/wire/registry.ts',
  'src/wire/numbers.ts',
  'src/errors.ts',
  // the names of what only others speak
  'src/inspect/names/small.ts',
  'src/inspect/names/suites.ts',
])

/** Files whose hex numbers are those of capture files, link layers and IP. */
const foreign = /inspect\/capture\/(packets|link|ip)\.ts$/

/** Numbers of four hex digits that are no code points: masks, bounds, and what DER and Unicode have. */
const masks: readonly (readonly [file: RegExp, literals: readonly string[]])[] = [
  [/./, ['0xffff', '0xffffffff']],
  [/wire\/ech\.ts$/, ['0xfffc', '0x8000']], // the longest list of suites; the bit of a mandatory extension
  [/handshake\/grease\.ts$/, ['0x0101']],
  [/stream\/limits\.ts$/, ['0x7fffffff']],
  [/crypto\/node-ciphers\.ts$/, ['0x36363636', '0x6a6a6a6a']], // the pads of HMAC (RFC 2104)
  [/x509\/name\.ts$/, ['0x10ffff', '0xfffd', '0xd800', '0xdfff']],
]

/** Fields whose value is a code point. A small one has no digits to know it by. */
const fields = new Set([
  'aead',
  'cipherSuite',
  'compressionMethod',
  'curveType',
  'group',
  'hashAlgorithm',
  'id',
  'kdf',
  'kem',
  'legacyVersion',
  'nameType',
  'scheme',
  'signatureAlgorithm',
  'statusType',
  'targetKdf',
  'version',
])
const lists = new Set([
  'compressionMethods',
  'ec_point_formats',
  'formats',
  'modes',
  'pskModes',
  'psk_key_exchange_modes',
])

const nameOf = (node: ts.Node): string | undefined => {
  if (ts.isIdentifier(node)) return node.text
  return ts.isPropertyAccessExpression(node) ? node.name.text : undefined
}

const comparisons = new Set([ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken])

/** Versions of certificates, CRLs and keys are X.509's, not TLS's. */
const isDer = (file: string): boolean => /^src\/(x509|pki)\/|\/private-keys\.ts$/.test(file)
const isField = (name: string | undefined, file: string): boolean =>
  name !== undefined && fields.has(name) && !(name === 'version' && isDer(file))

/** What a number stands for here, if that is a code point. */
const codePoint = (literal: ts.NumericLiteral, file: string): boolean => {
  const text = literal.getText()
  if (
    /^0x[\da-f]{4,}$/i.test(text) &&
    !foreign.test(file) &&
    !masks.some(([files, allowed]) => files.test(file) && allowed.includes(text))
  ) {
    return true
  }
  const { parent } = literal
  if (ts.isPropertyAssignment(parent)) return isField(parent.name.getText(), file)
  if (ts.isBinaryExpression(parent) && comparisons.has(parent.operatorToken.kind)) {
    return isField(nameOf(parent.left), file) || isField(nameOf(parent.right), file)
  }
  if (!ts.isCallExpression(parent) || !ts.isPropertyAccessExpression(parent.expression)) return false
  const { expression, name } = parent.expression
  return name.text === 'includes' && lists.has(nameOf(expression) ?? '')
}

const codePoints = (file: string, text: string): readonly string[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isNumericLiteral(node) && codePoint(node, file)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart())
      found.push(`${file}:${line + 1}: ${node.parent.getText()}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

describe('code points', () => {
  it('are spelled in wire/registry.ts, wire/numbers.ts and errors.ts only', () => {
    const files = globSync('src/**/*.ts').filter((file) => !spellers.has(file))
    expect(files.length).toBeGreaterThan(200)
    expect(files.flatMap((file) => codePoints(file, readFileSync(file, 'utf8')))).toEqual([])
  })

  it.each([
    'const P256 = 0x0017',
    'const found = group === 29',
    'send({ statusType: 1 })',
    'const psk = hello.psk_key_exchange_modes?.includes(0)',
    'if (legacyVersion !== 768) refuse()',
  ])('are found in: %s', (text) => {
    expect(codePoints('src/handshake/example.ts', text)).toHaveLength(1)
  })
})
