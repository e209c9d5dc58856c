// The rows of the bench: a kind of connection, what is done with it, and who does it.

import { createCa } from '../../src/pki/index.ts'
import type { Contender, Identity, Opener, Setup, Transport } from './contenders/types.ts'
import * as contenders from './contenders/index.ts'
import { inTurns, spent, within } from './measure.ts'
import type { Figure, Subject } from './measure.ts'

const MIB = 1 << 20

export interface RowResult {
  readonly title: string
  readonly unit: string
  readonly transport: Transport | undefined
  readonly figures: readonly Figure[]
}

export interface Scale {
  readonly rounds: number
  /** Milliseconds of processor time of one contender's turn. */
  readonly turn: number
  /** The same of handshakes before the first turn, and six times that in a process's first row: V8 compiles some
   * functions after 10,000 only. */
  readonly warm: number
}

export interface Row {
  readonly id: string
  /** In the process of this part; no results where nobody in it is part of the row. */
  run(scale: Scale, part: Part): Promise<readonly RowResult[]>
}

/**
 * The contenders of one process, each part next to node:tls. V8 compiles a function for all the values that it has
 * seen: puretls with three providers and two APIs in one process would be slower than any program that has it.
 */
export type Part = 'usual' | 'node API' | 'other providers'
export const parts: readonly Part[] = ['usual', 'node API', 'other providers']

type Work = (opener: Opener, turn: number) => Promise<number>

/** Handshakes per second, their ends included. */
const handshakes: Work = async ({ open }, turn) => {
  let time = 0
  let count = 0
  while (time < turn) {
    time += await spent(async () => {
      for (let i = 0; i < 10; i++) await (await open()).close()
      await new Promise(setImmediate) // what closing puts off
    })
    count += 10
  }
  return (count * 1000) / time
}

/** MiB per second, in writes of so many bytes. */
const bulk =
  (size: number): Work =>
  async ({ open }, turn) => {
    const link = await open()
    await link.transfer(Math.max(size, MIB / 4), size)
    let time = 0
    let bytes = 0
    const step = Math.max(size, MIB)
    while (time < turn) {
      time += await spent(() => link.transfer(step, size))
      bytes += step
    }
    await link.close()
    return (bytes / MIB) * (1000 / time)
  }

/** Round trips per second. */
const echo =
  (size: number): Work =>
  async ({ open }, turn) => {
    const link = await open()
    let time = 0
    let rounds = 0
    while (time < turn) {
      time += await spent(() => link.echo(200, size))
      rounds += 200
    }
    await link.close()
    return (rounds * 1000) / time
  }

const identityOf = async (key: 'ecdsa-p256' | 'rsa-2048', client = false): Promise<Identity> => {
  const ca = await createCa({ name: 'bench', key })
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'], key, client })
  return { ca: ca.certificatePem, cert: chainPem, key: privateKeyPem }
}

export const ecdsa: Identity = await identityOf('ecdsa-p256')
export const rsa = await identityOf('rsa-2048')
export const clientIdentity = await identityOf('ecdsa-p256', true)

export const full13: Setup = { version: 'TLS 1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519', identity: ecdsa }
export const full12: Setup = {
  version: 'TLS 1.2',
  suite: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  group: 'X25519',
  identity: rsa,
}
/** What subtls can do. */
const p256: Setup = { ...full13, group: 'P-256' }
const chacha: Setup = { ...full13, suite: 'TLS_CHACHA20_POLY1305_SHA256' }

const { node, own, ownInto, ownNode, ownEngine, ownNoble, ownWebcrypto } = contenders
const lemon = await contenders.lemon()
/** Those that are clients only, next to those that are both. */
const peers = [await contenders.subtls(), await contenders.reclaim()].filter((peer) => peer !== undefined)
const clients: readonly Contender[] = [contenders.nodeClient, contenders.ownClient, ...peers]
const usual: readonly Contender[] = [node, own, ownNode, ...(lemon ? [lemon] : [])]
const everybody: readonly Contender[] = [...usual, ownEngine, ownNoble, ownWebcrypto]
const ofBulk: readonly Contender[] = [...usual, ownInto]
const partOf = (contender: Contender): Part => {
  if (contender === ownNode) return 'node API'
  return contender === ownNoble || contender === ownWebcrypto ? 'other providers' : 'usual'
}

let isWarm = false

const row = (
  id: string,
  title: string,
  unit: string,
  setup: Setup,
  work: Work,
  who: readonly Contender[] = usual,
  transports: readonly Transport[] = ['tcp', 'pair'],
): Row => ({
  id,
  run: async ({ rounds, turn, warm }, part) => {
    const [first, ...others] = who
    const here = others.filter((contender) => partOf(contender) === part)
    const results: RowResult[] = []
    for (const transport of first && here.length > 0 ? transports : []) {
      const subjects: Subject[] = []
      const openers: Opener[] = []
      for (const contender of who.filter((each) => each === first || here.includes(each))) {
        const subject = await ready(contender, setup, transport, work, turn)
        if (!subject) continue
        const before = contender === first ? warm / 5 : isWarm ? warm : warm * 6
        if (work === handshakes && before > 0) await within(120_000, subject.name, work(subject.opener, before))
        subjects.push(subject)
        openers.push(subject.opener)
      }
      isWarm ||= work === handshakes
      if (subjects.length > 1) results.push({ title, unit, transport, figures: await inTurns(subjects, rounds) })
      for (const opener of openers) opener.end()
    }
    return results
  },
})

/** Undefined where it cannot do this; one that should and fails is told of. */
const ready = async (
  contender: Contender,
  setup: Setup,
  transport: Transport,
  work: Work,
  turn: number,
): Promise<(Subject & { readonly opener: Opener }) | undefined> => {
  const { name } = contender
  try {
    const opener = await within(10_000, name, contender.prepare(setup, transport))
    if (!opener) return undefined
    await within(
      10_000,
      name,
      opener.open().then((link) => link.close()),
    )
    return { name, opener, measure: () => within(120_000, name, work(opener, turn)) }
  } catch (error) {
    console.error(`${name} over ${transport} left out: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

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
  row('bulk-16k', 'Bulk, AES-128-GCM, writes of 16 KiB', 'MiB/s', full13, bulk(16_384), [...everybody, ownInto]),
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
  row('echo', 'Echo of 1 KiB, one in flight', 'per second', full13, echo(1024)),
]
