// node test/bench/x509.ts: parse and verify a chain of three certificates, ours with the node provider against what
// node:crypto's X509Certificate can do (parse, checkIssued, verify, dates, checkHost).
//
// Both keep the root between chains, parsed, with its key; both check the same two signatures, and load the
// intermediate's key to do so. Node's side does no path building, name or policy constraints, key usages, critical
// extensions, path length, forms of names or strength of keys, which ours does. Each side has a process of its own, in
// turns, so that each pays for its own garbage: in one process whoever allocates more in JavaScript collects the
// OpenSSL objects of the other.

import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nodeProvider } from '../../src/crypto/node.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { chainVerifier, trustStore, verifyChain } from '../../src/x509/index.ts'

interface Case {
  readonly id: string
  readonly peer_certificate: string
  readonly untrusted_intermediates: readonly string[]
  readonly trusted_certs: readonly string[]
  readonly validation_time: string
  readonly expected_peer_name: { readonly value: string }
}

const der = (pem: string): Uint8Array => decodePem(pem)[0]?.bytes ?? new Uint8Array()

const loadCase = (id: string): Case => {
  const file = new URL('../../vectors/limbo/limbo.json.gz', import.meta.url)
  const suite: { testcases: Case[] } = JSON.parse(gunzipSync(readFileSync(file)).toString())
  const found = suite.testcases.find((candidate) => candidate.id === id)
  if (found === undefined) throw new Error(`no case ${id}`)
  return found
}

/** `cold`: verifyChain(), which knows of no certificate but the root. `warm`: a connection's verifier that has met the
 * intermediate, as on the second connection to any site of the same CA. */
type Kind = 'cold' | 'warm' | 'theirs'

const contender = (test: Case, kind: Kind): (() => void | Promise<void>) => {
  const chain = [test.peer_certificate, ...test.untrusted_intermediates].map(der)
  const root = der(test.trusted_certs[0] ?? '')
  const time = Date.parse(test.validation_time)
  const serverName = test.expected_peer_name.value
  const trust = trustStore(root)
  if (kind === 'cold') {
    return async () => {
      const result = await verifyChain(chain, { provider: nodeProvider, trust, serverName, time })
      if (!result.ok) throw result.reason.error
    }
  }
  if (kind === 'warm') {
    const verifier = chainVerifier({ provider: nodeProvider, trust })
    return () => {
      if (!('leaf' in verifier.verify({ chain, peer: 'server', serverName, time }))) throw new Error('not synchronous')
    }
  }
  const anchor = new X509Certificate(root)
  const anchorKey = anchor.publicKey
  return () => {
    const [leaf, ...rest] = chain.map((bytes) => new X509Certificate(bytes))
    if (leaf === undefined) throw new Error('no leaf')
    let child = leaf
    for (const issuer of rest) {
      if (!child.checkIssued(issuer) || !child.verify(issuer.publicKey)) throw new Error('not verified')
      child = issuer
    }
    if (!child.checkIssued(anchor) || !child.verify(anchorKey)) throw new Error('not verified')
    const all = [leaf, ...rest, anchor]
    if (all.some(({ validFrom, validTo }) => Date.parse(validFrom) > time || Date.parse(validTo) < time))
      throw new Error('dates')
    if (leaf.checkHost(serverName) === undefined || rest.some(({ ca }) => !ca)) throw new Error('name')
  }
}

/**
 * Milliseconds of processor time per chain, over so many that the collector's work is in it: it frees what OpenSSL
 * holds of some thousand chains at a time. */
const measure = async (id: string, kind: Kind, times = 6000): Promise<number> => {
  const run = contender(loadCase(id), kind)
  for (let i = 0; i < times; i++) await run()
  const before = process.cpuUsage()
  for (let i = 0; i < times; i++) await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / times
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const inOwnProcess = (id: string, kind: Kind): number =>
  Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), id, kind], { encoding: 'utf8' }))

const compare = (id: string): void => {
  const turns = Array.from({ length: 3 }, () => ({
    cold: inOwnProcess(id, 'cold'),
    theirs: inOwnProcess(id, 'theirs'),
    warm: inOwnProcess(id, 'warm'),
  }))
  const theirs = median(turns.map((turn) => turn.theirs))
  for (const kind of ['cold', 'warm'] as const) {
    const ours = median(turns.map((turn) => turn[kind]))
    const ratio = (ours / theirs).toFixed(2)
    console.log(
      `x509 ${kind} ${id}: puretls ${ours.toFixed(4)} ms, node ${theirs.toFixed(4)} ms, ratio ${ratio} (below 1 is ` +
        'faster)',
    )
  }
}

const isKind = (text: string | undefined): text is Kind => text === 'cold' || text === 'warm' || text === 'theirs'

const [, , id, kind] = process.argv
if (id !== undefined && isKind(kind)) console.log(await measure(id, kind))
else
  for (const each of [
    'online::google.com',
    'online::apple.com',
    'online::cloudflare.com',
    'webpki::cryptographydotio-chain',
  ])
    compare(each)
