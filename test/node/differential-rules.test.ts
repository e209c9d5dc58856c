// node:tls beside puretls/node: one rule at a time.

import { compareAll } from './differential/compare.ts'
import { leftovers } from './differential/leftovers.ts'
import { readingScenarios } from './differential/reading.ts'
import { rules } from './differential/rules.ts'
import { streams } from './differential/streams.ts'

compareAll({ ...readingScenarios, ...leftovers, ...rules, ...streams })
