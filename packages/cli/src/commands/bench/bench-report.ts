import type { WaitStrategyName, WriterPreset } from '@chronicle-ts/core'
import type { LatencyPoint } from './bench-task.js'
import type { BenchEnvironment } from './environment.js'
import type { LatencyFigures } from './latency-samples.js'
import type { SeriesPoint } from './throughput-series.js'

/** What is measured, and how. */
export interface BenchOptions {
  readonly directory: string
  readonly sizes: readonly number[]
  readonly rate: number
  readonly readers: number
  readonly wait: WaitStrategyName
  readonly durability: WriterPreset
  /** The writer's CPU, then those of the readers in turn. */
  readonly cpu: readonly number[]
  /** Per measurement; whichever limit is met first. */
  readonly seconds: number
  readonly messages: number | undefined
  /** Segment bytes that one measurement may fill. */
  readonly disk: number
  readonly rounds: number
}

/** Everything that a run found out; what `--json` prints, `--report` draws and `--compare` reads. */
export interface BenchReport {
  readonly environment: BenchEnvironment
  readonly options: BenchOptions
  readonly results: readonly SizeResult[]
}

export interface SizeResult {
  readonly payloadLength: number
  readonly write: Throughput
  readonly read: Throughput
  readonly latency: LatencyResult
}

export interface Throughput {
  /** Of the rounds; their spread is what of a difference may be chance. */
  readonly nsPerMessage: { readonly median: number; readonly min: number; readonly max: number }
  readonly messagesPerSecond: number
  readonly payloadBytesPerSecond: number
  /** Messages of all rounds. */
  readonly messages: number
  readonly roundsNsPerMessage: readonly number[]
  /** Of the last round. */
  readonly series: readonly SeriesPoint[]
}

/** Open loop: all nanoseconds, readers taken together. */
export interface LatencyResult {
  readonly ratePerSecond: number
  readonly achievedPerSecond: number
  readonly messages: number
  /** Due to append returned. */
  readonly write: LatencyFigures
  /** Append called to in the reader's hands. */
  readonly transport: LatencyFigures
  /** Within transport: the call that returned the message. */
  readonly read: LatencyFigures
  /** Due to in the reader's hands. */
  readonly endToEnd: LatencyFigures
  /** End to end, of the reader that was worst at each point. */
  readonly series: readonly LatencyPoint[]
}
