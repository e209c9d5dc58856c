// Conversations of tlsfuzzer in which our answer is another, and the section that makes ours right. run.ts reads it.

interface Difference {
  readonly scripts: readonly string[]
  /** Names of conversations. */
  readonly names: RegExp
  readonly reason: string
}

const differences: readonly Difference[] = []

export const reasonOf = (script: string, name: string): string | undefined =>
  differences.find(({ scripts, names }) => scripts.includes(script) && names.test(name))?.reason
