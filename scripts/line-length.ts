// Checks that no line is longer than .editorconfig's limit: prettier wraps code, but neither comments nor strings.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const MAX = Number(/max_line_length = (\d+)/.exec(readFileSync('.editorconfig', 'utf8'))?.[1])
const generated = new Set(['src/roots/mozilla.ts'])
const files = execFileSync('git', ['ls-files', '*.ts'], { encoding: 'utf8' }).trim().split('\n')
const long = files
  .filter((file) => !generated.has(file))
  .flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        line.length > MAX ? [`${file}:${index + 1}: ${line.length} columns, over ${MAX}`] : [],
      ),
  )
if (long.length > 0) {
  process.stderr.write(`${long.join('\n')}\n`)
  process.exitCode = 1
}
