import { type BenchPlace, runSuite, spreadOf, TemporaryFolders } from '@chronicle-ts/cli/bench'
import Benchmark from 'benchmark'
import type { Candidate, CandidateFactory, Suite } from './candidate.js'

export interface MeasureOptions {
  /** Below it each measurement has a folder of its own. */
  readonly directory: string
  readonly rounds: number
  /** Seconds that one candidate is measured in one round. */
  readonly secondsPerRound: number
}

export interface CandidateResult {
  readonly name: string
  /** Nanoseconds per operation: the median of the rounds, the best and the worst. */
  readonly nsMedian: number
  readonly nsMin: number
  readonly nsMax: number
  readonly rounds: readonly number[]
  readonly operations: number
}

export interface SuiteResult {
  readonly name: string
  readonly operation: string
  readonly candidates: readonly CandidateResult[]
}

/** Measures the candidates of a suite in turns. @throws what a candidate's `verify` throws. */
export async function measureSuite(suite: Suite, { directory, rounds, secondsPerRound }: MeasureOptions): Promise<SuiteResult> {
  const candidates = suite.candidates.map((factory) => ({
    name: suite.name,
    measure: (place: BenchPlace) => measureRound(factory, place.directory, secondsPerRound),
  }))
  const figures = await runSuite({ candidates, rounds }, { folders: new TemporaryFolders(directory) })
  return { name: suite.name, operation: suite.operation, candidates: figures.map(summarize) }
}

interface RoundResult {
  readonly name: string
  readonly nsPerOperation: number
  readonly operations: number
}

function measureRound(factory: CandidateFactory, directory: string, seconds: number): RoundResult {
  const candidate = factory(directory, seconds)
  try {
    return measureCandidate(candidate, seconds)
  } finally {
    candidate.close()
  }
}

const WARM_UP_MS = 30
/** So many calls share what the measuring itself costs per call: some nanoseconds. */
const CALLS_AT_ONCE = 10

function measureCandidate(candidate: Candidate, seconds: number): RoundResult {
  let calls = 0
  const run = () => {
    calls += CALLS_AT_ONCE
    for (let call = 0; call < CALLS_AT_ONCE; call++) candidate.run()
  }
  const benchmark = new Benchmark({ name: candidate.name, fn: run, maxTime: seconds, minSamples: 3 })
  try {
    // What runs hot is compiled on the way, and belongs to no sample.
    for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) run()
    benchmark.run({ async: false })
    // benchmark catches what the function throws and keeps it.
    if (benchmark.error) throw benchmark.error
  } catch (cause) {
    throw new Error(`${candidate.name} failed while it was measured`, { cause })
  }
  candidate.verify(calls)
  const { operationsPerCall = 1 } = candidate
  return {
    name: candidate.name,
    nsPerOperation: (benchmark.stats.mean * 1e9) / CALLS_AT_ONCE / operationsPerCall,
    operations: calls * operationsPerCall,
  }
}

function summarize(rounds: readonly RoundResult[]): CandidateResult {
  const figures = rounds.map(({ nsPerOperation }) => nsPerOperation)
  const { median, min, max } = spreadOf(figures)
  return {
    name: rounds[0]?.name ?? '',
    nsMedian: median,
    nsMin: min,
    nsMax: max,
    rounds: figures,
    operations: rounds.reduce((sum, { operations }) => sum + operations, 0),
  }
}
