/**
 * What every benchmark of this project measures with, `chron-cli bench` and `npm run bench` alike: one clock, one open loop, one spread of rounds, one description of the machine. For the tools of the
 * repository, not for applications.
 */
export { type BenchEnvironment, readEnvironment } from './environment.js'
export { monotonicNs } from './monotonic-clock.js'
export { type OpenLoop, sendInOpenLoop } from './open-loop.js'
export { median, quantile, type Spread, spreadOf } from './spread.js'
