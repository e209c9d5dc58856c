// node:tls beside puretls/node: each phase of a connection, and what may go wrong in it.

import { compareAll } from './differential/compare.ts'
import { phases } from './differential/phases.ts'

compareAll(phases)
