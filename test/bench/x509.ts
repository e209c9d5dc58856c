// node test/bench/x509.ts: parse and verify a chain of three certificates, ours with the node provider against what
// node:crypto's X509Certificate can do (parse, checkIssued, verify, dates, checkHost), alternating in one run.

import { X509Certificate } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import { nodeProvider } from '../../src/crypto/node.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { chainVerifier, trustStore } from '../../src/x509/index.ts'

interface Case {
  readonly id: string
  readonly peer_certificate: string
  readonly untrusted_intermediates: readonly string[]
  readonly trusted_certs: readonly string[]
  readonly validation_time: string
  readonly expected_peer_name: { readonly value: string }
}

const file = new URL('../../vectors/limbo/limbo.json.gz', import.meta.url)
const suite: { testcases: Case[] } = JSON.parse(gunzipSync(readFileSync(file)).toString())
const der = (pem: string): Uint8Array => decodePem(pem)[0]?.bytes ?? new Uint8Array()

/** Milliseconds per chain: median of rounds. `cold`: the intermediate was never seen; `warm`: it was, as on the second
 * connection to any site of the same CA. */
const bench = (id: string, kind: 'cold' | 'warm', rounds = 41, times = 50): void => {
  const test = suite.testcases.find((candidate) => candidate.id === id)
  if (test === undefined) throw new Error(`no case ${id}`)
  const chain = [test.peer_certificate, ...test.untrusted_intermediates].map(der)
  const root = der(test.trusted_certs[0] ?? '')
  const time = Date.parse(test.validation_time)
  const serverName = test.expected_peer_name.value
  const trust = trustStore(root)
  const warm = chainVerifier({ provider: nodeProvider, trust })
  const ours = (): void => {
    const verifier = kind === 'warm' ? warm : chainVerifier({ provider: nodeProvider, trust })
    const result = verifier.verify({ chain, peer: 'server', serverName, time })
    if (!('leaf' in result)) throw new Error('not synchronous')
  }
  // Like ours, node may keep the root and its key between connections.
  const anchor = new X509Certificate(root)
  const anchorKey = anchor.publicKey
  const theirs = (): void => {
    const [leaf, ...rest] = chain.map((bytes) => new X509Certificate(bytes))
    if (leaf === undefined) throw new Error('no leaf')
    let child = leaf
    for (const issuer of rest) {
      if (!child.checkIssued(issuer) || !child.verify(issuer.publicKey)) throw new Error('not verified')
      child = issuer
    }
    if (!child.checkIssued(anchor) || !child.verify(anchorKey)) throw new Error('not verified')
    const all = [leaf, ...rest, anchor]
    if (all.some(({ validFrom, validTo }) => Date.parse(validFrom) > time || Date.parse(validTo) < time)) throw new Error('dates')
    if (leaf.checkHost(serverName) === undefined || rest.some(({ ca }) => !ca)) throw new Error('name')
  }
  const samples: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] }
  for (let round = 0; round < rounds + 5; round++) {
    for (const [name, run] of [['ours', ours], ['theirs', theirs]] as const) {
      const start = performance.now()
      for (let i = 0; i < times; i++) run()
      if (round >= 5) samples[name].push((performance.now() - start) / times)
    }
  }
  const [a, b] = [median(samples.ours), median(samples.theirs)]
  console.log(`x509 ${kind} ${id}: puretls ${a.toFixed(4)} ms, node ${b.toFixed(4)} ms, ratio ${(a / b).toFixed(2)} (below 1 is faster)`)
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

for (const id of ['online::google.com', 'online::apple.com', 'online::cloudflare.com', 'webpki::cryptographydotio-chain']) {
  bench(id, 'cold')
  bench(id, 'warm')
}
