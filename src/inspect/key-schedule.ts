// The key schedule of a connection as a list (RFC 9846 section 7.1, RFC 5246 section 8.1 and 6.3): each secret, where
// it comes from, what it is for, which records its key protects, and its value as far as a key log or a watched
// provider tells.

import type { CryptoProvider } from '../crypto/provider.ts'
import { expandLabel } from '../keys/hkdf.ts'
import { nextTrafficSecret, trafficKeys } from '../keys/schedule13.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { TLS13 } from '../wire/registry.ts'
import { cipherOf, hashOf, keysOf12 } from './capture/protection.ts'
import { describeCipherSuite } from './describe.ts'
import type { ConnectionSecrets } from './key-log.ts'
import type { Observation } from './observe.ts'

export interface TracedSecret {
  /** The name in the RFC, such as client_handshake_traffic_secret. */
  readonly name: string
  readonly meaning: string
  /** What it is derived from, and how. */
  readonly derivation: string
  readonly section: string
  /** Undefined if nobody told. */
  readonly value: Uint8Array | undefined
  /** Of traffic secrets: write_key, write_iv, MAC key, finished_key, as far as the value is known. */
  readonly keys: Readonly<Record<string, Uint8Array>>
  /** Numbers of the records that are protected with its key. */
  readonly records: readonly number[]
}

export interface ScheduleInput {
  readonly version: number
  readonly cipherSuite: number | undefined
  readonly clientRandom: Uint8Array
  readonly serverRandom: Uint8Array
  readonly secrets: ConnectionSecrets | undefined
  readonly observation: Observation | undefined
  readonly provider: CryptoProvider | undefined
  /** Numbers of records by the name of the secret that seals them. */
  readonly sealed: ReadonlyMap<string, readonly number[]>
  /** Whether a PSK was used, and offered. */
  readonly offersPsk: boolean
}

interface Row {
  readonly name: string
  readonly meaning: string
  readonly derivation: string
  readonly logged?: string
  readonly label?: string
  readonly section?: string
  /** Left out unless its value is known. */
  readonly optional?: true
}

const rows13: readonly Row[] = [
  { name: 'early_secret', meaning: 'holds the PSK, or zeros', derivation: 'HKDF-Extract(0, PSK)' },
  {
    name: 'binder_key',
    meaning: 'proves that the client has the PSK of a ticket',
    derivation: 'early_secret, "res binder"',
    label: 'res binder',
    optional: true,
  },
  {
    name: 'binder_key',
    meaning: 'proves that the client has an external PSK',
    derivation: 'early_secret, "ext binder"',
    label: 'ext binder',
    optional: true,
  },
  {
    name: 'binder_key',
    meaning: 'proves that the client has an imported PSK',
    derivation: 'early_secret, "imp binder"',
    label: 'imp binder',
    optional: true,
    section: 'RFC 9258 section 5.2',
  },
  {
    name: 'client_early_traffic_secret',
    meaning: 'seals early data',
    derivation: 'early_secret, "c e traffic", ClientHello',
    label: 'c e traffic',
    logged: 'CLIENT_EARLY_TRAFFIC_SECRET',
    optional: true,
  },
  {
    name: 'early_exporter_secret',
    meaning: 'keying material for early data',
    derivation: 'early_secret, "e exp master", ClientHello',
    label: 'e exp master',
    logged: 'EARLY_EXPORTER_SECRET',
    optional: true,
  },
  {
    name: 'handshake_secret',
    meaning: 'holds the shared secret of the key exchange',
    derivation: 'HKDF-Extract(early_secret "derived", (EC)DHE)',
  },
  {
    name: 'client_handshake_traffic_secret',
    meaning: "seals the client's handshake",
    derivation: 'handshake_secret, "c hs traffic", ClientHello...ServerHello',
    label: 'c hs traffic',
    logged: 'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  },
  {
    name: 'server_handshake_traffic_secret',
    meaning: "seals the server's handshake",
    derivation: 'handshake_secret, "s hs traffic", ClientHello...ServerHello',
    label: 's hs traffic',
    logged: 'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  },
  {
    name: 'main_secret',
    meaning: 'root of everything after the handshake',
    derivation: 'HKDF-Extract(handshake_secret "derived", 0)',
  },
  {
    name: 'client_application_traffic_secret_0',
    meaning: 'seals what the client sends',
    derivation: 'main_secret, "c ap traffic", ClientHello...server Finished',
    label: 'c ap traffic',
    logged: 'CLIENT_TRAFFIC_SECRET_0',
  },
  {
    name: 'server_application_traffic_secret_0',
    meaning: 'seals what the server sends',
    derivation: 'main_secret, "s ap traffic", ClientHello...server Finished',
    label: 's ap traffic',
    logged: 'SERVER_TRAFFIC_SECRET_0',
  },
  {
    name: 'exporter_secret',
    meaning: 'keying material for applications',
    derivation: 'main_secret, "exp master", ClientHello...server Finished',
    label: 'exp master',
    logged: 'EXPORTER_SECRET',
    section: 'RFC 9846 section 7.5',
  },
  {
    name: 'resumption_secret',
    meaning: 'gives the PSKs of tickets',
    derivation: 'main_secret, "res master", ClientHello...client Finished',
    label: 'res master',
    section: 'RFC 9846 section 4.7.1',
  },
]

/** The secrets in the order of the schedule; empty if no version was agreed. */
export const keySchedule = (input: ScheduleInput): readonly TracedSecret[] => {
  if (!input.version) return []
  return input.version === TLS13 ? schedule13(input) : schedule12(input)
}

// ---- TLS 1.3

const schedule13 = (input: ScheduleInput): readonly TracedSecret[] => {
  const roots = rootsOf(input.observation)
  const rows = rows13.flatMap((row): readonly TracedSecret[] => {
    const value = roots.get(row.name) ?? loggedOrDerived(row, input)
    const records = input.sealed.get(row.name) ?? []
    if (row.optional && !value && records.length === 0) return []
    return [secret13(row, value, records, input)]
  })
  return [...rows, ...updated(input, rows), ...ticketPsks(input)]
}

const loggedOrDerived = ({ logged, label }: Row, { secrets, observation }: ScheduleInput): Uint8Array | undefined =>
  (logged === undefined ? undefined : secrets?.get(logged)) ??
  (label === undefined ? undefined : observation?.last(label)?.output)

const secret13 = (
  row: Row,
  value: Uint8Array | undefined,
  records: readonly number[],
  input: ScheduleInput,
): TracedSecret => ({
  name: row.name,
  meaning: row.meaning,
  derivation: row.derivation,
  section: row.section ?? 'RFC 9846 section 7.1',
  value,
  keys: value && (row.name.includes('traffic') || row.name === 'binder_key') ? keysOf13(row.name, value, input) : {},
  records,
})

/** write_key and write_iv (section 7.3), finished_key (section 4.5.3). */
const keysOf13 = (
  name: string,
  secret: Uint8Array,
  { cipherSuite, provider }: ScheduleInput,
): Readonly<Record<string, Uint8Array>> => {
  const suite = describeCipherSuite(cipherSuite ?? 0)
  const hash = provider && hashOf(suite, provider)
  const cipher = provider && cipherOf(suite, provider)
  if (!hash || !cipher || hash.outputLength !== secret.length) return {}
  const finished = { finished_key: expandLabel(hash, secret, 'finished', new Uint8Array(0), hash.outputLength) }
  if (name === 'binder_key') return finished
  const { key, iv } = trafficKeys({ hash, secret }, cipher.keyLength)
  return { write_key: key, write_iv: iv, ...(name.includes('handshake') && finished) }
}

/** The secrets that no label names: those that named ones come from. */
const rootsOf = (observation: Observation | undefined): ReadonlyMap<string, Uint8Array> => {
  const roots = new Map<string, Uint8Array>()
  const handshake = observation?.last('s hs traffic')?.secret
  const main = observation?.last('s ap traffic')?.secret
  if (handshake) roots.set('handshake_secret', handshake)
  if (main) roots.set('main_secret', main)
  const salt = handshake && observation?.extracted(handshake)?.salt
  const early =
    salt &&
    observation?.derivations.find(({ label, output }) => label === 'derived' && equalBytes(output, salt))?.secret
  if (early) roots.set('early_secret', early)
  return roots
}

/** application_traffic_secret_N+1 after each KeyUpdate (section 7.2). */
const updated = (input: ScheduleInput, rows: readonly TracedSecret[]): readonly TracedSecret[] => {
  const hash = input.provider && hashOf(describeCipherSuite(input.cipherSuite ?? 0), input.provider)
  const made: TracedSecret[] = []
  for (const side of ['client', 'server']) {
    let value = rows.find(({ name }) => name === `${side}_application_traffic_secret_0`)?.value
    for (let generation = 1; ; generation++) {
      const name = `${side}_application_traffic_secret_${generation}`
      const records = input.sealed.get(name)
      if (!records) break
      value = value && hash && nextTrafficSecret({ hash, secret: value }).secret
      const row = { name, meaning: `seals what the ${side} sends after KeyUpdate`, section: 'RFC 9846 section 7.2' }
      made.push(
        secret13(
          { ...row, derivation: `${side}_application_traffic_secret_${generation - 1}, "traffic upd"` },
          value,
          records,
          input,
        ),
      )
    }
  }
  return made
}

/** PSKs of the tickets that came (section 4.7.1). */
const ticketPsks = ({ observation }: ScheduleInput): readonly TracedSecret[] =>
  (observation?.derivations ?? [])
    .filter(({ label }) => label === 'resumption')
    .map(({ context, output }) => ({
      name: 'resumption PSK',
      meaning: `the PSK of the ticket with nonce ${toHex(context)}`,
      derivation: `resumption_secret, "resumption", ticket_nonce`,
      section: 'RFC 9846 section 4.7.1',
      value: output,
      keys: {},
      records: [],
    }))

// ---- TLS 1.2

const schedule12 = (input: ScheduleInput): readonly TracedSecret[] => {
  const { secrets, observation, sealed } = input
  const made = observation?.prf.findLast(({ label }) => label.endsWith('master secret'))
  const extended = made?.label.startsWith('extended')
  const master =
    secrets?.get('CLIENT_RANDOM') ?? observation?.prf.findLast(({ label }) => label === 'key expansion')?.secret
  const keys =
    master && input.provider && input.cipherSuite !== undefined
      ? keysOf12(input.cipherSuite, master, input.clientRandom, input.serverRandom, input.provider)
      : undefined
  const direction = (side: 'client' | 'server'): TracedSecret => ({
    name: `${side}_write_key`,
    meaning: `seals what the ${side} sends`,
    derivation: 'PRF(master_secret, "key expansion", server_random + client_random)',
    section: 'RFC 5246 section 6.3',
    value: keys?.[side].key,
    records: sealed.get(`${side}_write_key`) ?? [],
    keys: keys
      ? {
          ...(keys[side].macKey.length > 0 && { MAC_key: keys[side].macKey }),
          ...(keys[side].iv.length > 0 && { write_IV: keys[side].iv }),
        }
      : {},
  })
  return [
    {
      name: 'pre_master_secret',
      meaning: 'what the key exchange agreed on',
      derivation: 'key exchange',
      section: 'RFC 5246 section 8.1',
      value: made?.secret,
      keys: {},
      records: [],
    },
    {
      name: 'master_secret',
      meaning: 'root of all keys; resumption starts from it',
      section: extended ? 'RFC 7627 section 4' : 'RFC 5246 section 8.1',
      value: master,
      derivation: extended
        ? 'PRF(pre_master_secret, "extended master secret", session_hash)'
        : 'PRF(pre_master_secret, "master secret", client_random + server_random)',
      keys: {},
      records: [],
    },
    direction('client'),
    direction('server'),
  ]
}
