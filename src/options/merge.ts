// Options over options: what onClientHello answers over what createServer() was given.

const groups: ReadonlySet<string> = new Set(['hello', 'certificates', 'limits', 'psk', 'tls12', 'versions', 'earlyData', 'tickets', 'resumption'])

/** `changes` take precedence; groups are merged member by member. An identity of one kind replaces one of the other kind. */
export const mergeOptions = <T extends object>(options: T, changes: object): T => {
  const merged = { ...options, ...changes }
  for (const [name, changed] of Object.entries(changes)) {
    const before: unknown = Reflect.get(options, name)
    if (groups.has(name) && isGroup(before) && isGroup(changed)) Reflect.set(merged, name, { ...before, ...changed })
  }
  const replaced = Reflect.get(changes, 'identity') === undefined ? (Reflect.get(changes, 'cert') ? ['identity'] : []) : ['cert', 'key']
  for (const name of replaced) if (!(name in changes)) Reflect.deleteProperty(merged, name)
  return merged
}

const isGroup = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
