// The switch that every changed file carries: asks whether mutant `id` is the active one. Where no mutant is active and
// a log is named, it notes which test reached which mutant. It is written into sources as text, so it stands alone; a
// runtime without `process` (workerd) runs the original.

type Active = (id: number) => boolean

interface Seat {
  puretlsMutant?: Active
  process?: {
    env: Record<string, string | undefined>
    getBuiltinModule(name: 'node:fs'): { appendFileSync(path: string, text: string): void }
  }
}

/** Made once in each process; `seat` is globalThis. */
export function makeSwitch(seat: Seat): Active {
  const env = seat.process?.env
  if (env?.['PURETLS_MUTANT'] !== undefined) {
    const active = Number(env['PURETLS_MUTANT'])
    return (id) => id === active
  }
  const log = env?.['PURETLS_MUTANT_LOG']
  if (seat.process === undefined || log === undefined) return () => false
  const { appendFileSync } = seat.process.getBuiltinModule('node:fs')
  const seen = new Set<number>()
  return (id) => {
    if (!seen.has(id)) {
      seen.add(id)
      // A line is written at once: a process that a test kills has told what it reached.
      appendFileSync(log, `${id} ${env?.['PURETLS_MUTANT_TEST'] ?? '?'}\n`)
    }
    return false
  }
}

/** The first line of a file with mutants in it. */
export const prelude = (): string => {
  const made = `(${makeSwitch.toString().replaceAll(/\s*\n\s*/g, '\n')})(globalThis)`
  return `const puretlsMutant = (globalThis.puretlsMutant ??= ${made});\n`
}
