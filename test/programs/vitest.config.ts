import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: new URL('../../', import.meta.url).pathname,
  test: { include: ['test/programs/*.test.ts'], pool: 'forks', testTimeout: 240_000, hookTimeout: 240_000 },
})
