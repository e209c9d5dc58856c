// Options over options: what onClientHello answers over what createServer() was given.

const groups: ReadonlySet<string> = new Set([
  'hello',
  'certificates',
  'limits',
  'psk',
  'tls12',
  'versions',
  'earlyData',
  'tickets',
  'resumption',
])

/** What says the same in another way: the changed one stands alone. */
const instead: Readonly<Record<string, readonly string[]>> = {
  identity: ['cert', 'key'],
  cert: ['identity'],
  verifier: ['ca'],
  ca: ['verifier'],
}

/** `changes` take precedence; groups are merged member by member, and an identity of one kind replaces one of the
 * other kind. */
export const mergeOptions = <T extends object>(options: T, changes: object): T => {
  const merged = { ...options, ...changes }
  for (const [name, changed] of Object.entries(changes)) {
    const before: unknown = Reflect.get(options, name)
    if (groups.has(name) && isGroup(before) && isGroup(changed)) Reflect.set(merged, name, { ...before, ...changed })
  }
  for (const [name, others] of Object.entries(instead)) {
    if (Reflect.get(changes, name) === undefined) continue
    for (const other of others) if (!Object.hasOwn(changes, other)) Reflect.deleteProperty(merged, other)
  }
  return merged
}

const isGroup = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
