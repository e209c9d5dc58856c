// puretls/node/register: gives node:tls, node:https, node:http2 and the built-in fetch of a whole process to puretls.
// Load it before the program: `node --import puretls/node/register app.js`, or `--require`, or by the preload of Bun
// and Deno.
//
// The objects that `require('node:tls')` and its like give are changed in place, once. That reaches ES modules and
// CommonJS, process.getBuiltinModule(), and what Node itself builds on these modules: undici, which is fetch, WebSocket
// and EventSource. Deno's ES modules do not see such a change: their imports are redirected.

import * as nodeModule from 'node:module'

import { redirectImports } from './import-hooks.ts'
import { default as ourHttp2 } from './http2.ts'
import { default as ourHttps } from './https.ts'
import { tls as ourTls } from './module.ts'

/** What is ours from now on. */
export const registered: readonly string[] = ['node:tls', 'node:https', 'node:http2']

/** Puts what `ours` has in the place of what Node's module has under the same name; what only Node has stays. */
const replace = (nodes: object, ours: object): void => {
  for (const name of Object.keys(ours)) {
    if (name === 'default' || !(name in nodes)) continue
    if (Object.getOwnPropertyDescriptor(nodes, name)?.configurable === false) continue
    // Accessors as accessors: what a program sets there takes effect.
    Object.defineProperty(nodes, name, { ...Object.getOwnPropertyDescriptor(ours, name), configurable: true })
  }
}

const tls = process.getBuiltinModule('node:tls')
const https = process.getBuiltinModule('node:https')
const http2 = process.getBuiltinModule('node:http2')
replace(tls, ourTls)
replace(https, ourHttps)
replace(http2, ourHttp2)
nodeModule.syncBuiltinESMExports()
// There it does nothing, and ES modules go on with copies of what Deno's own modules exported.
if ('Deno' in globalThis) redirectImports({ tls, https, http2 })
