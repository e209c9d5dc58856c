// Which runtime's node:crypto and node:net these are: other runtimes have their own (docs/runtimes.md).

/** workerd with `nodejs_compat`. */
export const inWorkerd: boolean = 'WebSocketPair' in globalThis

/** Not every runtime that has node:crypto has `process`. */
const versions = (globalThis as { readonly process?: { readonly versions?: object } }).process?.versions ?? {}

/** Node itself, and what is made of it. */
export const inNode: boolean = 'node' in versions && !('bun' in versions || 'deno' in versions || inWorkerd)
