// Preloaded into the bundles: whoever asks node:tls itself for a connection or a server gets an error.
const modules = {
  tls: ['connect', 'createServer', 'Server'],
  https: ['createServer', 'Server'],
  http2: ['createSecureServer'],
}
// All of them first: node:https looks at what node:tls has when it is loaded.
const builtins = Object.fromEntries(Object.keys(modules).map((name) => [name, process.getBuiltinModule(name)]))
for (const [name, functions] of Object.entries(modules)) {
  const builtin = builtins[name]
  for (const each of functions) {
    builtin[each] = () => {
      throw new Error(`${each} of node:${name} was called`)
    }
  }
}
require('node:module').syncBuiltinESMExports()
