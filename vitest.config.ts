import { availableParallelism } from 'node:os'
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
      ['native', 'core', 'schema', 'bus', 'fanin', 'cli'].map((name) => [`@chronicle-ts/${name}`, source(name)]),
    ),
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'examples/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    // By default vitest leaves one CPU to itself, which on two is half of the machine.
    maxWorkers: Math.max(2, availableParallelism()),
    // A process serves many files: starting one and importing the packages takes a second, which most files need for no test. So a test leaves nothing behind that the next
    // file could meet: handles, timers, variables of the environment, listeners of the process.
    isolate: false,
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
