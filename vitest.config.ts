import { existsSync, statfsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { EFFORT } from './tools/evidence/effort/effort.mjs'

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}.ts`, import.meta.url))

/** Files whose tests start many processes: they take longest. */
const LONG =
  /\/(tools\/(evidence|bench|release)|examples\/test|test\/(resources|processes|garbage|incidents|ui|crashes|types|nats|scale))\//

/** What takes longest begins first, or it would run alone in the end. Where the durations of an earlier run are not known, vitest would go by the size of the files. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

/** A file system in memory. */
const MEMORY = '/dev/shm'
/** Bytes that the scratch folders of all workers may need. */
const SCRATCH_BYTES = 8 * 2 ** 30

/**
 * Where a short run makes its temporary folders: in memory, if there is enough of it. Most tests create a queue and sync it, and the workers would wait for the disk much of their time. With
 * more effort, and where TMPDIR names a folder, they are on a disk.
 */
function scratchFolder(): { TMPDIR?: string } {
  if (EFFORT !== 'short' || process.env['TMPDIR'] !== undefined || !existsSync(MEMORY)) return {}
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize < SCRATCH_BYTES ? {} : { TMPDIR: MEMORY }
}

/**
 * Tests run on the sources; the child processes that they start run on what `npm run build` made. Coverage counts the sources alone, so what only a
 * child process does is not in it.
 *
 * How much the tests take that draw a sample of something, or repeat one thing many times, is decided in tools/evidence/effort.
 */
export default defineConfig({
  resolve: {
    alias: [
      // Without the entry beside the public one an alias is a prefix, so that the whole name is asked for.
      { find: /^@chronicle-ts\/core\/internal$/, replacement: source('core/src/internal') },
      { find: /^@chronicle-ts\/bridge\/progress$/, replacement: source('bridge/src/progress/bridge-progress') },
      { find: /^@chronicle-ts\/schema\/protobuf$/, replacement: source('schema/src/protobuf') },
      { find: /^@chronicle-ts\/cli\/bench$/, replacement: source('cli/src/commands/bench/harness') },
      ...[
        'native',
        'core',
        'schema',
        'inspect',
        'typed',
        'bus',
        'fanin',
        'topics',
        'replay',
        'telemetry',
        'testing',
        'bridge',
        'cli',
      ].map((name) => ({
        find: new RegExp(`^@chronicle-ts/${name}$`),
        replacement: source(`${name}/src/index`),
      })),
    ],
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'examples/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    env: scratchFolder(),
    // Two more than there are CPUs: many tests wait for a timer, a disk or a process that they started, and one more left a third of two CPUs idle. By default vitest leaves one CPU to
    // itself, which on two is half of the machine.
    maxWorkers: availableParallelism() + 2,
    // A process serves many files: starting one and importing the packages takes a second, which most files need for no test. So a test leaves nothing that the next
    // file could meet: handles, timers, variables of the environment, listeners of the process.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['packages/core/src/**/*.ts', 'packages/inspect/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 95, branches: 90 },
    },
  },
})
