// What the tests of weaknesses have in common: their results, and what an answer is called.

import { alertName } from '../../errors.ts'
import { contentTypes } from '../../wire/registry.ts'
import type { SuiteFinding, VersionFinding } from './protocols.ts'
import type { Prober } from './prober.ts'
import type { Answer, RawConnection } from './raw.ts'

export type Verdict = 'vulnerable' | 'potentially vulnerable' | 'not vulnerable' | 'not applicable' | 'unknown'

export interface Weakness {
  /** As people call it. */
  readonly name: string
  readonly verdict: Verdict
  /** What was seen. */
  readonly because: string
  readonly source: string
}

/** What the scan knows already. */
export interface Known {
  readonly versions: readonly VersionFinding[]
  readonly suites: readonly SuiteFinding[]
  /** A ticket of TLS 1.2, and the suite it is for. */
  readonly ticket: { readonly ticket: Uint8Array; readonly suite: number } | undefined
  /** The page comes compressed. */
  readonly httpCompression: boolean | undefined
}

/** For what concerns SSL 3.0 to TLS 1.2. */
export const notBelow13 = (name: string, source: string): Weakness => ({
  name,
  source,
  verdict: 'not vulnerable',
  because: 'no version from SSL 3.0 to TLS 1.2 is spoken',
})

export const helloOf = (answer: Answer) => (answer.kind === 'hello' ? answer : undefined)

/** For answers that may never come. */
export const shortWait = ({ settings }: Prober): number => Math.min(settings.timeoutMs, 2000)

/** An answer in a word. */
export const said = (got: Awaited<ReturnType<RawConnection['record']>>): string =>
  typeof got === 'string'
    ? got
    : got.type === contentTypes.alert
      ? alertName(got.content[1] ?? 0)
      : `a record of type ${got.type}`
