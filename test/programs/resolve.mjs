// Preloaded into each program: `puretls/...` is the source under src/, and what a recipe of docs/recipes imports is looked
// for here, where the libraries are installed.
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'

const root = new URL('../../', import.meta.url)
const here = new URL('./programs/any.mjs', import.meta.url).href
const sources = (name) => [`src/${name}.ts`, `src/${name}/index.ts`].map((path) => new URL(path, root))

registerHooks({
  resolve(specifier, context, next) {
    const [, name] = /^puretls(?:\/(.*))?$/.exec(specifier) ?? []
    if (specifier === 'puretls') return { url: new URL('src/index.node.ts', root).href, shortCircuit: true }
    if (name !== undefined) return { url: sources(name).find(existsSync).href, shortCircuit: true }
    const isRecipe = context.parentURL?.startsWith(new URL('docs/recipes/', root).href)
    return next(specifier, isRecipe && !/^[./]|^node:/.test(specifier) ? { ...context, parentURL: here } : context)
  },
})
