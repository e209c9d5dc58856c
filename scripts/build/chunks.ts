// Which modules share a file of dist/. Node takes about as long for each file that it loads as for 20 kB of code, so
// what the entry points have in common is in few files; a bundler takes them apart again (scripts/build/pure.ts).

/** The modules that a module imports by statements. */
export type ImportsOf = (module: string) => readonly string[]

/** Entry points by what a file may be for; module ids. */
export interface Roots {
  /** puretls where there are Node's builtins: loaded at once, and with the first connection. */
  readonly node: string
  readonly machines: string
  /** All that work anywhere. */
  readonly anywhere: readonly string[]
  readonly client: string
  readonly server: string
  readonly certificates: string
  /** Those that have no need of an engine. */
  readonly apart: readonly string[]
  /** puretls/node, which loads the check of OCSP responses only where it is asked for. */
  readonly compatible: string
}

/**
 * The name of a module's file, or undefined where the bundler decides. Modules with import() stay in files of their
 * own: what these name would be loaded late by whoever imports anything else of the file.
 */
export const chunkNames = (
  roots: Roots,
  importsOf: ImportsOf,
  loadsLater: (module: string) => boolean,
): ((module: string) => string | undefined) => {
  const reach = (root: string): ReadonlySet<string> => {
    const found = new Set([root])
    for (const module of found) for (const imported of importsOf(module)) found.add(imported)
    return found
  }
  const [node, machines, client, server, certificates, compatible] = [
    roots.node,
    roots.machines,
    roots.client,
    roots.server,
    roots.certificates,
    roots.compatible,
  ].map(reach)
  const [anywhere, apart] = [roots.anywhere, roots.apart].map(
    (entries) => new Set(entries.flatMap((root) => [...reach(root)])),
  )
  const isIn = (set: ReadonlySet<string> | undefined, module: string): boolean => set?.has(module) === true
  return (module) => {
    if (loadsLater(module)) return undefined
    if (isIn(node, module)) return isIn(anywhere, module) ? 'base' : 'node'
    if (!isIn(anywhere, module)) return undefined
    if (!isIn(machines, module)) return undefined
    const side = isIn(client, module) ? (isIn(server, module) ? 'engine' : 'client') : isIn(server, module) && 'server'
    if (side !== false) return isIn(apart, module) ? 'common' : side
    const isLate = !isIn(compatible, module)
    if (isIn(certificates, module)) return isLate ? 'stapling' : 'verifier'
    return isLate ? undefined : 'features'
  }
}
