// ROBOT: whether a server's answers tell right paddings of an RSA key exchange from wrong ones (CVE-2017-13099 and
// its kin).

import { setTimeout as sleep } from 'node:timers/promises'
import { nodeProvider } from '../../crypto/node.ts'
import { describeCipherSuite } from '../../inspect/describe.ts'
import { concat } from '../../wire/bytes.ts'
import { contentTypes, SSL30, TLS13 } from '../../wire/registry.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Prober } from './prober.ts'
import { rawRecord } from './raw.ts'
import { helloOf, said, shortWait } from './weakness.ts'
import type { Known, Weakness } from './weakness.ts'

/** Bleichenbacher's oracle: wrong paddings of the encrypted premaster secret must all look the same. */
export const robot = async (prober: Prober, known: Known): Promise<Weakness> => {
  const [name, source] = ['ROBOT', 'CVE-2017-13099']
  const finding = known.suites
    .filter(({ version }) => version !== TLS13 && version !== SSL30)
    .toSorted((a, b) => b.version - a.version)
    .map(({ version, suites }) => ({
      version,
      suites: suites.filter((id) => describeCipherSuite(id).keyExchange === 'RSA'),
    }))
    .find(({ suites }) => suites.length > 0)
  if (!finding) return { name, source, verdict: 'not vulnerable', because: 'no RSA key exchange in TLS 1.0 to 1.2' }
  const seen = await answersToPaddings(prober, finding)
  if (!seen) return { name, source, verdict: 'unknown', because: 'no RSA key to encrypt with' }
  if (new Set(seen).size === 1)
    return { name, source, verdict: 'not vulnerable', because: `every padding is answered alike (${seen[0]})` }
  const again = await answersToPaddings(prober, finding)
  const stable = again?.join() === seen.join()
  return {
    name,
    source,
    verdict: stable ? 'vulnerable' : 'unknown',
    because: stable
      ? `paddings are told apart: ${[...new Set(seen)].join(' or ')}`
      : 'answers differ from one time to the next',
  }
}

const answersToPaddings = async (
  prober: Prober,
  { version, suites }: { readonly version: number; readonly suites: readonly number[] },
): Promise<readonly string[] | undefined> => {
  const seen: string[] = []
  for (let variant = 0; variant < 5; variant++) {
    const answer = await prober.raw(async (connection) => {
      const hello = helloOf(await connection.exchange({ version, suites, serverName: prober.settings.serverName }))
      const [leaf] = hello?.chain ?? []
      if (!hello?.done || !leaf) return undefined
      const premaster = await encrypted(leaf, paddings[variant] ?? paddings[0], version)
      if (!premaster) return undefined
      const exchange = concat(
        Uint8Array.of(
          16,
          0,
          (premaster.length + 2) >> 8,
          (premaster.length + 2) & 255,
          premaster.length >> 8,
          premaster.length & 255,
        ),
        premaster,
      )
      connection.send(
        concat(
          rawRecord(contentTypes.handshake, version, exchange),
          rawRecord(contentTypes.change_cipher_spec, version, Uint8Array.of(1)),
          rawRecord(contentTypes.handshake, version, new Uint8Array(40).fill(0xab)),
        ),
      )
      const got = await connection.record(shortWait(prober))
      const then = typeof got === 'object' ? await connection.record(shortWait(prober)) : got
      return `${said(got)}${typeof got === 'object' ? `, then ${said(then)}` : ''}`
    })
    if (answer === undefined) return undefined
    seen.push(answer)
    await sleep(0)
  }
  return seen
}

type Padding = (length: number, version: number) => Uint8Array

/** `00 02`, bytes that are not zero, `00`, the version, 46 bytes: and four that are wrong in one place each. */
const padded = (length: number, version: number): Uint8Array => {
  const block = new Uint8Array(length).fill(0x5a)
  block.set([0, 2])
  block[length - 49] = 0
  block.set([version >> 8, version & 255], length - 48)
  return block
}
const paddings: readonly [Padding, ...Padding[]] = [
  padded,
  (length, version) => changed(padded(length, version), (block) => block.set([0x41, 0x17])),
  (length, version) => changed(padded(length, version), (block) => (block[length - 49] = 0x11)),
  (length, version) =>
    changed(padded(length, version), (block) => {
      block[length - 49] = 0x11
      block[length - 1] = 0
    }),
  (length, version) => changed(padded(length, version), (block) => block.set([2, 2], length - 48)),
]
const changed = (block: Uint8Array, change: (block: Uint8Array) => unknown): Uint8Array => {
  change(block)
  return block
}

const encrypted = async (leaf: Uint8Array, padding: Padding, version: number): Promise<Uint8Array | undefined> => {
  try {
    const { publicKey } = parseCertificate(leaf)
    if (publicKey.type !== 'rsa' || !publicKey.rsa) return undefined
    return await nodeProvider.rsaEncryptRaw?.(publicKey, padding(publicKey.rsa.modulus.length, version))
  } catch {
    return undefined
  }
}
