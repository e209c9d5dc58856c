// node:tls beside puretls/node: what functions of the application answer.

import { callbacks } from './differential/callbacks.ts'
import { compareAll } from './differential/compare.ts'

compareAll(callbacks)
