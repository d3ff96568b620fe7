import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (name: string) => fileURLToPath(new URL(`./packages/${name}/src/index.ts`, import.meta.url))

/**
 * Tests run on the sources; the child processes that they start run on what `npm run build` made. Coverage counts the sources alone, so what only a
 * child process does is not in it.
 */
export default defineConfig({
  resolve: {
    alias: Object.fromEntries(
      ['native', 'core', 'schema', 'bus', 'fanin', 'replay', 'cli'].map((name) => [`@chronicle-ts/${name}`, source(name)]),
    ),
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'examples/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['packages/core/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 95, branches: 90 },
    },
  },
})
