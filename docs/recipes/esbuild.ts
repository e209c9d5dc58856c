// esbuild: its option `alias` gives TLS of a whole bundle to puretls, libraries and all.
import { build } from 'esbuild'

export const bundle = (entry: string, outfile: string) =>
  build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // CommonJS modules in an ES module ask for what stays outside, like node:net, by this.
    banner: { js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)" },
    alias: {
      'node:tls': 'puretls/node',
      tls: 'puretls/node',
      'node:https': 'puretls/node/https',
      https: 'puretls/node/https',
      'node:http2': 'puretls/node/http2',
      http2: 'puretls/node/http2',
    },
  })
