// The copy of the project that the tests run in, with the drawn mutants compiled in, and the sources as they were.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Numbered } from './instrument.ts'
import { instrumented } from './instrument.ts'
import type { Mutant } from './places.ts'
import { mutantsOf } from './places.ts'

export interface Project {
  readonly folder: string
  /** The sources without mutants, also when the project has gone on since. */
  readonly originals: string
}

const linked = new Set(['node_modules', 'vectors'])
const leftOut = new Set(['.git', 'dist'])

/** Copies the project once; the mutants follow. */
export const copyOf = (root: string, place: string): Project => {
  const folder = join(place, 'copy')
  const originals = join(place, 'originals')
  if (existsSync(originals)) return { folder, originals }
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(root)) {
    if (linked.has(name)) symlinkSync(join(root, name), join(folder, name))
    else if (!leftOut.has(name)) cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  cpSync(join(root, 'src'), join(originals, 'src'), { recursive: true })
  return { folder, originals }
}

export const filesIn = (folder: string, name: string, ending: string): readonly string[] =>
  readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' })
    .map((file) => join(name, file))
    .filter((file) => file.endsWith(ending))
    .toSorted()

/** Every place of src but in the files that `outside` names. */
export const placesOf = ({ originals }: Project, outside: RegExp): readonly Mutant[] =>
  filesIn(originals, 'src', '.ts')
    .filter((file) => !outside.test(file))
    .flatMap((file) => mutantsOf(file, readFileSync(join(originals, file), 'utf8')))

export const compileIn = ({ folder, originals }: Project, mutants: readonly Numbered[]): void => {
  for (const file of new Set(mutants.map(({ mutant }) => mutant.file))) {
    const inFile = mutants.filter(({ mutant }) => mutant.file === file)
    writeFileSync(join(folder, file), instrumented(readFileSync(join(originals, file), 'utf8'), inFile))
  }
}

/** Where a mutant is and what it changes, on one line. */
export const describe = ({ originals }: Project, { file, start, end, mutated }: Mutant): string => {
  const text = readFileSync(join(originals, file), 'utf8')
  const line = text.slice(0, start).split('\n').length
  return `${file}:${line} ${text.slice(start, end)} -> ${mutated}`.replaceAll(/\s+/g, ' ')
}
