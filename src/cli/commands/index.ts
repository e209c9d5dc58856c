// The commands, in the order in which the help lists them.

import type { Node } from '../command.ts'
import { cert } from './cert.ts'
import { completion } from './completion.ts'
import { connect } from './connect.ts'

export const commands: readonly Node[] = [connect, cert, completion]
