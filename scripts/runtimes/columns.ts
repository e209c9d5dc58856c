// The columns of docs/runtimes.md, in order: what scripts/runtimes.ts runs, and what the tables must hold.

export interface Column {
  /** As `--only` takes it. */
  readonly name: string
  /** The column's head, around the version that ran. */
  readonly title: (version: string) => string
  /** What the checks are run over, in order. */
  readonly transports: readonly string[]
}

const column = (name: string, title: Column['title'], ...transports: readonly string[]): Column => ({
  name,
  title,
  transports,
})

export const columns: readonly Column[] = [
  ...[20, 22, 24, 26].map((major) => column(`node-${major}`, (version) => `Node ${version}`, 'memory', 'loopback')),
  column('bun', (version) => `Bun ${version}`, 'memory', 'loopback'),
  column('deno', (version) => `Deno ${version}`, 'memory', 'loopback'),
  column('workerd', (version) => `workerd ${version}`, 'memory', 'sockets', 'memory, node', 'memory, puretls/node'),
  column('chromium', (version) => `Chromium ${version}`, 'memory', 'message channel', 'relay'),
  column('chromium-worker', (version) => `Chromium ${version}, Worker`, 'memory', 'message channel', 'relay'),
]
