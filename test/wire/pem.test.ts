import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { TlsError } from '../../src/errors.ts'
import { decodeBase64, decodePem, encodeBase64, encodePem, pemTextOf } from '../../src/wire/pem.ts'

const refusal = (text: string): string => {
  try {
    decodePem(text)
  } catch (error) {
    if (error instanceof TlsError && error.code === 'bad_option') return error.message
    throw error
  }
  throw new Error('accepted')
}

const block = encodePem(
  'CERTIFICATE',
  Uint8Array.from({ length: 100 }, (_, i) => i),
)

describe('PEM (RFC 7468)', () => {
  test('encodes lines of 64 characters and reads them back', () => {
    expect(block.split('\n').map((line) => line.length)).toEqual([27, 64, 64, 8, 25, 0])
    expect(decodePem(block)).toEqual([{ label: 'CERTIFICATE', bytes: Uint8Array.from({ length: 100 }, (_, i) => i) }])
  })

  test('any bytes come back, through any line ends and with text around', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        (bytes, eol) => {
          const text = `before\n${encodePem('X509 CRL', bytes)}between\n${encodePem('A', bytes)}after`.replaceAll(
            '\n',
            eol,
          )
          expect(decodePem(text).map((one) => [one.label, [...one.bytes]])).toEqual([
            ['X509 CRL', [...bytes]],
            ['A', [...bytes]],
          ])
        },
      ),
    )
  })

  test('base64 round trip over 8 KiB pieces', () => {
    const bytes = Uint8Array.from({ length: 20_001 }, (_, i) => (i * 31) & 0xff)
    expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
    expect(decodeBase64('AA=A')).toBeUndefined()
    expect(decodeBase64('AAA')).toBeUndefined()
  })

  test('bytes of a file in UTF-8 or in UTF-16 of either order, as PowerShell writes it', () => {
    const little = Buffer.from(`\ufeff${block}`, 'utf16le')
    const big = Buffer.from(little).swap16()
    for (const bytes of [Buffer.from(block), Buffer.from(`\ufeff${block}`), little, big])
      expect(pemTextOf(new Uint8Array(bytes))?.trim()).toBe(block.trim())
  })

  test('indented text, as in a template literal', () => {
    expect(decodePem(block.replace(/^/gm, '    '))).toHaveLength(1)
  })

  test('RFC 1421 headers of old encrypted keys', () => {
    const text =
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n 11\n\nAAAA\n-----END ' +
      'RSA PRIVATE KEY-----'
    const [one] = decodePem(text)
    expect(one?.bytes).toEqual(new Uint8Array(3))
    expect([...(one?.headers ?? [])]).toEqual([
      ['Proc-Type', '4,ENCRYPTED'],
      ['DEK-Info', 'AES-256-CBC,0011'],
    ])
  })

  test('lines of one character, and spaces of any kind', () => {
    const spaced = ['\n', '\r\n\r\n', ' ', '\u3000', '\ufeff'].map((space) => ['A', 'Q', 'I', 'D'].join(space))
    const text = spaced.map((body) => `-----BEGIN A-----\n${body}\n-----END A-----\n`).join('-----\n')
    expect(decodePem(text).map(({ bytes }) => [...bytes])).toEqual(spaced.map(() => [1, 2, 3]))
  })

  test('a block may have a thousand lines of headers', () => {
    const withLines = (lines: string): string => `-----BEGIN A-----\n${lines}\nAAAA\n-----END A-----`
    expect(decodePem(withLines(`a: b\n${' c\n'.repeat(999)}`))[0]?.headers?.get('a')).toBe(`b${'c'.repeat(999)}`)
    const tooMany = 'line 1002 is one of over 1000 lines of headers of a PEM block'
    expect(refusal(withLines(`a: b\n${' c\n'.repeat(1000)}`))).toBe(tooMany)
    expect(refusal(withLines('a: b\n'.repeat(1001)))).toBe(tooMany)
  })

  test.each([
    ['nothing', '', /empty/],
    ['no block', 'hello', /no PEM block found: there is no line "-----BEGIN ...-----"/],
    ['line ends as backslash n', block.replaceAll('\n', '\\n'), /backslash/],
    ['all on one line', block.replaceAll('\n', ' '), /lines of their own/],
    ['cut off', block.slice(0, 100), /cut off/],
    ['a second BEGIN inside', `${block.slice(0, 93)}${block}`, /cut off/],
    ['another END', block.replace('END CERTIFICATE', 'END X509 CRL'), /ends as "X509 CRL" in line 5/],
    ['END and BEGIN on one line', block.trimEnd() + block, /line of its own/],
    ['END without BEGIN', '-----END A-----', /did not begin/],
    ['a foreign character', block.replace('AAECAw', 'AAE*Aw'), /base64 is broken in line 2/],
    ['a missing character', block.replace('AAECAw', 'AAECA'), /base64 is broken in line 4: it ends in the middle/],
    ['padding inside', '-----BEGIN A-----\nAA==\nAAAA\n-----END A-----', /line 2: padding before the end/],
    [
      'padding inside, with a space after it',
      '-----BEGIN A-----\nAA== \n\nAAAA\n-----END A-----',
      /line 2: padding before/,
    ],
    ['more padding than there is', '-----BEGIN A-----\nAAAA\nA===\n-----END A-----', /base64 is broken in line 3 \(/],
    [
      'an end in the middle of a byte',
      '-----BEGIN A-----\nAAAA\nAA\n\n-----END A-----',
      /line 3: it ends in the middle/,
    ],
    ['an empty block', '-----BEGIN A-----\n-----END A-----', /is empty/],
  ])('refuses %s', (_, text, sentence) => {
    expect(refusal(text)).toMatch(sentence)
  })

  test.each([
    ['-----BEGIN A-----', 'the PEM block "A" that begins in line 3 has no END line: it is cut off'],
    ['-----BEGIN A-----\nAAAA\n-----END B-----', 'the PEM block "A" that begins in line 3 ends as "B" in line 5'],
    [
      '-----BEGIN A-----\nAAAA\n-----END A----------BEGIN A-----\nAAAA\n-----END A-----',
      'line 5 has more than the end of the PEM block "A": put each BEGIN and END on a line of its own',
    ],
    ['-----BEGIN A-----\n\n-----END A-----', 'the PEM block "A" that begins in line 3 is empty'],
    ['-----END A-----', 'line 3 ends a PEM block "A" that did not begin'],
    ['-----BEGIN A-----\nAA=A\n-----END A-----', 'base64 is broken in line 4 (PEM block "A")'],
  ])('the line is counted from the first of the text: %j', (text, sentence) => {
    expect(refusal(`text\nabove\n${text}`)).toBe(sentence)
  })

  test('no text makes it throw anything but TlsError', () => {
    const piece = fc.constantFrom(
      '-----BEGIN A-----',
      '-----END A-----',
      '-----BEGIN ',
      '-----END ',
      '-----',
      '\n',
      'AAAA',
      '=',
      ' ',
      ':',
      'é',
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          decodePem(pieces.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(TlsError)
        }
      }),
    )
  })
})
