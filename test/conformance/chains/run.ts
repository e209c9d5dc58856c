// npm run conformance:chains -- [--seed N] [--count N]: makes chains of certificates by seed, asks puretls, Go's
// crypto/x509 and OpenSSL about each, and prints those on which they differ, with the reason. Exits 1 if one has none.

import process from 'node:process'
import { pathToFileURL } from 'node:url'
import type { ChainCase } from './case.ts'
import { drawCase } from './kinds.ts'
import { Peers } from './peers.ts'
import type { Answer } from './peers.ts'
import { reasons } from './reasons.ts'
import type { Reason } from './reasons.ts'

export interface Outcome {
  readonly asked: ChainCase
  readonly answer: Answer
  /** All who were asked say the same. */
  readonly agrees: boolean
  /** Why not; undefined for a chain on which all agree, or that nobody has explained. */
  readonly reason: Reason | undefined
}

/** The first reason that is about this chain and names the verdicts. */
const reasonFor = ({ kind, label }: ChainCase, verdicts: string): Reason | undefined =>
  reasons.find(
    (reason) => reason.kind === kind && reason.label.test(label) && reason.says.some((says) => matches(says, verdicts)),
  )

/** Verdicts of peers that were not asked are left out of account. */
const matches = (says: string, verdicts: string): boolean =>
  says.split('').every((sign, i) => sign === verdicts[i] || verdicts[i] === '.')

export const judge = async (peers: Peers, asked: ChainCase): Promise<Outcome> => {
  const answer = await peers.ask(asked)
  const agrees = new Set(answer.verdicts.replaceAll('.', '')).size === 1
  if (agrees) return { asked, answer, agrees, reason: undefined }
  const reason = reasonFor(asked, answer.verdicts) ?? (await reasonOfParts(peers, asked, answer))
  return { asked, answer, agrees, reason }
}

/** A chain with two odd things is refused by those who refuse one of them, and accepted by all others. */
const reasonOfParts = async (peers: Peers, { parts }: ChainCase, { verdicts }: Answer): Promise<Reason | undefined> => {
  if (parts === undefined) return undefined
  const outcomes = await Promise.all(parts.map((part) => judge(peers, part)))
  if (outcomes.some(({ agrees, reason }) => !agrees && reason === undefined)) return undefined
  const both = verdicts
    .split('')
    .map((_, i) => (outcomes.every((one) => one.answer.verdicts[i] === '+') ? '+' : '-'))
    .join('')
  const why = outcomes.map(({ reason }) => reason?.why ?? 'all agree').join('; and ')
  return both === verdicts ? { kind: 'pairs', label: /./, says: [both], why } : undefined
}

/** The last line that the command prints. */
export const summary = (outcomes: readonly Outcome[]): string => {
  const agreeing = outcomes.filter(({ agrees }) => agrees).length
  const reasoned = outcomes.filter(({ reason }) => reason !== undefined).length
  const without = outcomes.length - agreeing - reasoned
  return `chains: agree ${agreeing} of ${outcomes.length}, differ ${reasoned} for a written reason, ${without} without`
}

/** Distinct kinds, labels and verdicts of what differs, each with how often it came. */
export const differing = (outcomes: readonly Outcome[]): readonly string[] => {
  const lines = new Map<string, number>()
  for (const { asked, answer, agrees, reason } of outcomes) {
    if (agrees) continue
    const said = reason === undefined ? `WITHOUT A REASON: ${answer.messages.map(cut).join(' | ')}` : reason.why
    const line = `${answer.verdicts} ${asked.kind}: ${asked.label}\n    ${said}`
    lines.set(line, (lines.get(line) ?? 0) + 1)
  }
  return [...lines].map(([line, count]) => (count === 1 ? line : line.replace('\n', ` (${count} times)\n`))).toSorted()
}
const cut = (text: string): string => (text.length <= 160 ? text : `${text.slice(0, 160)}...`)

const atOnce = 4

export const judgeAll = async (peers: Peers, seed: number, count: number): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  for (let n = 0; n < count; n += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - n) }, (_, i) => judge(peers, drawCase(seed, n + i)))
    outcomes.push(...(await Promise.all(some)))
  }
  return outcomes
}

const numberOf = (flag: string, otherwise: number): number => {
  const at = process.argv.indexOf(flag)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}

const main = async (): Promise<void> => {
  const peers = new Peers()
  try {
    await peers.start()
    const outcomes = await judgeAll(peers, numberOf('--seed', 1), numberOf('--count', 1000))
    for (const line of differing(outcomes)) console.log(line)
    console.log('accepted or refused by web-pki, rfc5280, Go, OpenSSL and OpenSSL -x509_strict, in this order')
    console.log(summary(outcomes))
    if (outcomes.some(({ agrees, reason }) => !agrees && reason === undefined)) process.exitCode = 1
  } finally {
    await peers.stop()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
