// rollup: the plugin `alias` gives TLS of a whole bundle to puretls.
import alias from '@rollup/plugin-alias'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { rollup } from 'rollup'

export const bundle = async (entry: string, outfile: string) => {
  const built = await rollup({
    input: entry,
    plugins: [
      alias({
        entries: [
          { find: /^(node:)?tls$/, replacement: 'puretls/node' },
          { find: /^(node:)?(https|http2)$/, replacement: 'puretls/node/$2' },
        ],
      }),
      nodeResolve({ exportConditions: ['node'], preferBuiltins: true }),
    ],
  })
  await built.write({ file: outfile, format: 'esm', inlineDynamicImports: true })
}
