// node:tls beside puretls/node: whole connections.

import { compareAll } from './differential/compare.ts'
import { scenarios } from './differential/scenarios.ts'

compareAll(scenarios)
