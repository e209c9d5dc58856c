// An agent for node:https whose connections are ours: `https.get(url, { agent: new Agent({ ca }) })`.

import { Agent as HttpsAgent } from 'node:https'
import type { AgentOptions } from 'node:https'
import type { Duplex } from 'node:stream'

import { connect } from './connect.ts'
import type { ConnectOptions } from './connect.ts'

export class Agent extends HttpsAgent {
  override createConnection(options: AgentOptions & ConnectOptions): Duplex {
    return connect(options)
  }
}
