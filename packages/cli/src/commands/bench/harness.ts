/**
 * What every benchmark of this project measures with, `chron-cli bench` and `npm run bench` alike. A benchmark is data, a {@link BenchSuite}, and {@link runSuite} carries it
 * out. Clock, open loop, spread of rounds, latency figures, tables and the description of the machine are the same for all. For the tools of the repository, not for
 * applications.
 */
export { renderTable } from '../../output/table.js'
export { type BenchEnvironment, describeMachine, readEnvironment, wasBusy } from './environment.js'
export { type LatencyFigures, LatencySamples, latencyFigures } from './latency-samples.js'
export { monotonicNs } from './monotonic-clock.js'
export { type OpenLoop, sendInOpenLoop } from './open-loop.js'
export { type BenchCandidate, type BenchPlace, type BenchSuite, runSuite } from './run-suite.js'
export { median, quantile, type Spread, spreadOf } from './spread.js'
export { TemporaryFolders } from './temporary-folders.js'
