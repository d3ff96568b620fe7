import type { WaitStrategyName } from '@chronicle-ts/core'

export const DURABILITIES = ['none', 'background', 'each'] as const
/**
 * - `none`: messages survive the process, and become durable when the kernel or a roll writes them.
 * - `background`: synced every thousand messages, while appending goes on.
 * - `each`: every append returns when its message is durable.
 */
export type Durability = (typeof DURABILITIES)[number]

/** What is measured, with what. Part of the result, so that two results can be compared only when it is the same. */
export interface BenchPlan {
  /** Payload bytes. */
  readonly size: number
  /** Messages of the throughput run. */
  readonly messages: number
  /** Messages per second of the latency run. */
  readonly rate: number
  /** How long the latency run lasts. */
  readonly durationMs: number
  readonly readers: number
  readonly wait: WaitStrategyName
  readonly durability: Durability
  readonly segmentSize: number
  /** CPUs that the writer is pinned to; none: wherever the kernel wants. */
  readonly cpus: readonly number[]
}

/** The latency payload begins with the instant at which the message was due. */
export const LATENCY_SIZE_MIN = 8
