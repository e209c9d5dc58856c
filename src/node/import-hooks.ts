// For register.ts on Deno, whose ES modules have copies of what a builtin module exports: what is imported from now on
// comes from the objects given, whose properties are ours.

import * as nodeModule from 'node:module'

interface Resolved {
  readonly url: string
  readonly shortCircuit?: boolean
}
type Resolve<C = object> = (specifier: string, context: C, next: Resolve) => Resolved
type RegisterHooks = (hooks: {
  readonly resolve: Resolve<{ readonly conditions?: readonly string[]; readonly parentURL?: string }>
}) => void

/** Does nothing on a runtime without module.registerHooks(). */
export const redirectImports = (builtins: Readonly<Record<string, object>>): void => {
  const registerHooks: unknown = Reflect.get(nodeModule, 'registerHooks')
  if (typeof registerHooks !== 'function') return
  const urls = new Map(Object.entries(builtins).map(([name, builtin]) => [name, moduleOf(name, builtin)]))
  const register = registerHooks as RegisterHooks
  register({
    resolve: (specifier, context, next) => {
      const url = urls.get(specifier.replace(/^node:/, ''))
      // require() finds the objects themselves, and so do the runtime's own modules.
      const fromProgram = !/^(node|ext|data):/.test(context.parentURL ?? '') && context.conditions?.includes('import')
      if (url === undefined || !fromProgram) return next(specifier, context, next)
      return { url, shortCircuit: true }
    },
  })
}

/** A module whose exports are read from the builtin's object, which has been changed in place. */
const moduleOf = (name: string, builtin: object): string => {
  const names = Object.keys(builtin).filter((key) => key !== 'default' && /^[A-Za-z_$][\w$]*$/.test(key))
  const code = `
    const builtin = globalThis.process.getBuiltinModule('node:${name}')
    export const { ${names.join(', ')} } = builtin
    export default builtin`
  return `data:text/javascript,${encodeURIComponent(code)}`
}
