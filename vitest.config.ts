import { defineConfig } from 'vitest/config'
import { existingSubpaths } from './scripts/subpaths.ts'

/** `puretls` and its subpaths are the sources: the examples in docs/ are run as a user writes them. */
const alias = existingSubpaths().map(({ subpath, source, nodeSource }) => ({
  find: new RegExp(`^puretls${subpath.slice(1)}$`),
  replacement: new URL(nodeSource ?? source, import.meta.url).pathname,
}))

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts'],
    // A suite of its own, npm run test:programs, whose libraries npm ci does not install.
    exclude: ['**/node_modules/**', 'test/programs/**'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    // Titles stay whole, so that -t finds what docs/rfc-musts*.md name.
    taskTitleValueFormatTruncate: 0,
    // Only for what hangs: a slow machine must not fail a test.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    sequence: { shuffle: false },
    passWithNoTests: false,
  },
})
