// Whether this is workerd, whose node:crypto and node:net (`nodejs_compat`) are not Node's: docs/runtimes.md.

export const inWorkerd: boolean = 'WebSocketPair' in globalThis
