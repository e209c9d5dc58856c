// node:tls beside puretls/node: arguments of every kind, and what is there without a handshake.

import { compareAll } from './differential/compare.ts'
import { argumentScenarios } from './differential/arguments.ts'

compareAll(argumentScenarios)
