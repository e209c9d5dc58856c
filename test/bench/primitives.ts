// `npm run bench:primitives`: how near bulk with the noble provider comes to the sum of its primitives. One record of
// 16 KiB sealed and opened, both ends in one process: noble's two calls alone, our provider's, an engine at each end
// without streams, and connections over a pair, in turns; microseconds of processor time, medians of rounds, and the
// ratio to noble alone, round by round.
//   --rounds N   (default: 15)
//   --records N  of one turn (default: 300)

import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { parseArgs } from 'node:util'
import { nobleProvider } from '../../src/crypto/noble.ts'
import type { CipherName } from '../../src/crypto/provider.ts'
import { engine, puretls } from './contenders/puretls.ts'
import type { Contender, Setup } from './contenders/types.ts'
import { inTurns, spent } from './measure.ts'
import type { Subject } from './measure.ts'
import { chacha, full13 } from './setups.ts'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, records: { type: 'string', default: '300' } },
})
const rounds = Number(options.rounds)
const records = Number(options.records)

/** Bytes of content; a record has one more, its type (RFC 9846 section 5.2). */
const WRITE = 16_384
const TAG = 16

type Once = () => unknown

const subject = (name: string, work: () => unknown): Subject => ({
  name,
  measure: async () => ((await spent(work)) * 1000) / records,
})

const repeated = (name: string, once: Once): Subject =>
  subject(name, () => {
    for (let i = 0; i < records; i++) once()
  })

const nonce = new Uint8Array(12)
const header = new Uint8Array(5)

const nobleAlone = (cipher: typeof gcm | typeof chacha20poly1305, keyLength: number): Once => {
  const key = new Uint8Array(keyLength)
  const content = new Uint8Array(WRITE + 1)
  return () => cipher(key, nonce, header).decrypt(cipher(key, nonce, header).encrypt(content))
}

/** Where records have it: sealed in place behind the header, opened from there. */
const provided = async (name: CipherName, keyLength: number): Promise<Once> => {
  const cipher = nobleProvider.suites.find((suite) => suite.cipher.name === name)?.cipher
  if (cipher?.kind !== 'aead') throw new Error(`noble has no ${name}`)
  const key = await cipher.importKey(new Uint8Array(keyLength))
  return () => {
    const record = new Uint8Array(header.length + WRITE + 1 + TAG)
    const sealed = record.subarray(header.length)
    void key.seal(nonce, header, sealed.subarray(0, WRITE + 1), sealed)
    return key.open(nonce, header, sealed)
  }
}

const carried = async (contender: Contender, setup: Setup): Promise<Subject> => {
  const link = await (await contender.prepare(setup, 'pair'))?.open()
  if (!link) throw new Error(`${contender.name} has no such connections`)
  return subject(contender.name, () => link.transfer(records * WRITE, WRITE))
}

const ciphers = [
  { name: 'aes-128-gcm', noble: gcm, keyLength: 16, setup: full13 },
  { name: 'chacha20-poly1305', noble: chacha20poly1305, keyLength: 32, setup: chacha },
] as const

for (const { name, noble, keyLength, setup } of ciphers) {
  const subjects = [
    repeated('noble alone', nobleAlone(noble, keyLength)),
    repeated('provider', await provided(name, keyLength)),
    await carried(engine('engine', nobleProvider), setup),
    await carried(puretls('over a pair', nobleProvider), setup),
  ]
  const figures = await inTurns(subjects, rounds)
  const told = figures.map((figure) => `${figure.name} ${figure.value.toFixed(0)} (${figure.ratio.toFixed(2)})`)
  console.log(`${name}: ${told.join(', ')}`)
}
process.exit()
