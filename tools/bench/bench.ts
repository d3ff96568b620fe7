import type { BenchOptions } from './bench-options.js'

/**
 * One of the benchmarks of `npm run bench`. Prints its tables while it measures, below a description of the machine that was printed before, and returns what `--json` shows of it. Works in
 * `options.directory`, which is removed afterwards.
 */
export type Bench = (options: BenchOptions, print: (text: string) => void) => Promise<object>
