// The commands, in the order in which the help lists them.

import type { Node } from '../command.ts'
import { acme } from './acme.ts'
import { cert } from './cert.ts'
import { trace } from './trace.ts'
import { hello } from './hello.ts'
import { ech } from './ech.ts'
import { scan } from './scan.ts'
import { psk } from './psk.ts'
import { tickets } from './tickets.ts'
import { bench } from './bench.ts'
import { ja4 } from './ja4.ts'
import { completion } from './completion.ts'
import { connect } from './connect.ts'
import { serve } from './serve.ts'

/** Every command with its options and examples, as the help shows them. */
export const commands: readonly Node[] = [
  connect,
  serve,
  cert,
  acme,
  trace,
  scan,
  hello,
  ech,
  psk,
  tickets,
  bench,
  ja4,
  completion,
]
