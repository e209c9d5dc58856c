// `npm run test:replay`: RFC 8448 sections 3 to 7 from both sides, with both synchronous providers; one line each.
// Exits with 1 if one of them departs from the trace.

import { nobleProvider } from '../src/crypto/noble.ts'
import { nobleParts } from '../src/crypto/noble-groups.ts'
import { nodeProvider } from '../src/crypto/node.ts'
import { nodeParts } from '../src/crypto/node-groups.ts'
import { replay } from '../test/replay/rfc8448.ts'
import type { Replayed } from '../test/replay/rfc8448.ts'
import { traceSection } from '../test/replay/trace.ts'
import { fragmentations } from '../test/replay/fragments.ts'

const providers = [
  { provider: nodeProvider, parts: nodeParts },
  { provider: nobleProvider, parts: nobleParts },
]
let failed = 0
for (const section of [3, 4, 5, 6, 7] as const) {
  for (const side of ['client', 'server'] as const) {
    const label = `RFC 8448 section ${section}, ${side.padEnd(6)}`
    try {
      let runs = 0
      let last: Replayed | undefined
      for (const { provider, parts } of providers) {
        for (const delayed of [false, true]) {
          for (const { make } of fragmentations) {
            last = await replay({ section, side, provider, parts, delayed, fragment: make() })
            runs++
          }
        }
      }
      console.log(
        `${label}  ok  ${last?.records} records, ${last?.bytes} bytes, ${last?.secrets} values, ${runs} runs  ` +
          `(${traceSection(section).title})`,
      )
    } catch (error) {
      failed++
      console.log(`${label}  FAILED  ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
}
process.exitCode = failed > 0 ? 1 : 0
