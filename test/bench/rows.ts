// The rows of the bench: a kind of connection, what is done with it, and who does it.

import type { Setup, Transport } from './contenders/types.ts'
import type { Figure } from './measure.ts'
import { chacha, clientIdentity, full12, full13, p256, rsa } from './setups.ts'
import { inPairs } from './subjects.ts'
import type { Contenders } from './subjects.ts'
import type { Task } from './tasks.ts'

const MIB = 1 << 20

export interface RowResult {
  readonly title: string
  readonly unit: string
  readonly transport: Transport | undefined
  readonly figures: readonly Figure[]
}

export interface Scale {
  readonly rounds: number
  /** See subjects.ts. */
  readonly turn: number
  readonly warm: number
}

export interface Row {
  readonly id: string
  run(scale: Scale): Promise<readonly RowResult[]>
}

const usual: Contenders = ['node', 'own', 'ownNode', 'lemon']
const everybody: Contenders = [...usual, 'ownEngine', 'ownNoble', 'ownWebcrypto']
const clients: Contenders = ['nodeClient', 'ownClient', 'subtls', 'reclaim']
/** With one that reads otherwise. */
const ofBulk: Contenders = ['node', 'own', 'ownInto', 'ownNode', 'lemon']

const row = (
  id: string,
  title: string,
  unit: string,
  setup: Setup,
  task: Task,
  who: Contenders = usual,
  transports: readonly Transport[] = ['tcp', 'pair'],
): Row => ({
  id,
  run: async ({ rounds, turn, warm }) => {
    const results: RowResult[] = []
    for (const transport of transports) {
      const figures = await inPairs(who, { setup, transport, task, turn, warm }, rounds)
      results.push({ title, unit, transport, figures })
    }
    return results
  },
})

const handshakes: Task = { kind: 'handshakes' }
const bulk = (size: number): Task => ({ kind: 'bulk', size })

export const rows: readonly Row[] = [
  row('full', 'Full handshake, TLS 1.3, ECDSA P-256, X25519', 'per second', full13, handshakes, everybody),
  row(
    'hybrid',
    'Full handshake, TLS 1.3, ECDSA P-256, X25519MLKEM768',
    'per second',
    { ...full13, group: 'X25519MLKEM768' },
    handshakes,
  ),
  row('rsa', 'Full handshake, TLS 1.3, RSA-2048', 'per second', { ...full13, identity: rsa }, handshakes),
  row(
    'client-auth',
    'Full handshake, TLS 1.3, with a client certificate',
    'per second',
    { ...full13, clientIdentity },
    handshakes,
  ),
  row('full12', 'Full handshake, TLS 1.2, ECDHE-RSA', 'per second', full12, handshakes),
  row('resumed', 'Resumed, TLS 1.3', 'per second', { ...full13, resumed: true }, handshakes),
  row('resumed12', 'Resumed, TLS 1.2', 'per second', { ...full12, resumed: true }, handshakes),
  row('bulk-1k', 'Bulk, AES-128-GCM, writes of 1 KiB', 'MiB/s', full13, bulk(1024), ofBulk),
  row('bulk-16k', 'Bulk, AES-128-GCM, writes of 16 KiB', 'MiB/s', full13, bulk(16_384), [
    ...ofBulk,
    'ownEngine',
    'ownNoble',
    'ownWebcrypto',
  ]),
  row('bulk-1m', 'Bulk, AES-128-GCM, writes of 1 MiB', 'MiB/s', full13, bulk(MIB), ofBulk),
  row('bulk-chacha', 'Bulk, ChaCha20-Poly1305, writes of 16 KiB', 'MiB/s', chacha, bulk(16_384), everybody),
  row('clients', 'Clients of a node:tls server: handshake, TLS 1.3, P-256', 'per second', p256, handshakes, clients, [
    'tcp',
  ]),
  row(
    'clients-bulk',
    'Clients of a node:tls server: download, AES-128-GCM, writes of 16 KiB',
    'MiB/s',
    p256,
    bulk(16_384),
    clients,
    ['tcp'],
  ),
  row('echo', 'Echo of 1 KiB, one in flight', 'per second', full13, { kind: 'echo', size: 1024 }),
]
