import { availableParallelism } from 'node:os'
import type { WaitStrategyName, WriterPreset } from '@chronicle-ts/core'
import { InvalidArgumentError } from 'commander'
import { parseCountOption } from '../../options.js'
import { PAYLOAD_LENGTH_MIN } from './bench-message.js'

export const DURABILITIES = ['lowLatency', 'highThroughput', 'durable'] as const satisfies readonly WriterPreset[]

/** What commander made of the command line. */
export interface BenchFlags {
  readonly directory: string
  readonly sizes: readonly number[]
  readonly rate: number
  readonly readers: number
  readonly wait: WaitStrategyName
  readonly durability: WriterPreset
  readonly cpu?: readonly number[]
  readonly seconds: number
  readonly messages?: number
  readonly disk: number
  readonly rounds: number
  readonly report?: string
  readonly compare?: string
  readonly maxRegression: number
}

const PAYLOAD_LENGTH_MAX = 1024 * 1024

export function parseSizesOption(text: string): number[] {
  const sizes = text.split(',').map((part) => Number(part.trim() || Number.NaN))
  if (!sizes.every((size) => Number.isInteger(size) && size >= PAYLOAD_LENGTH_MIN && size <= PAYLOAD_LENGTH_MAX)) {
    throw new InvalidArgumentError(`expected bytes from ${PAYLOAD_LENGTH_MIN} to ${PAYLOAD_LENGTH_MAX}, separated by commas`)
  }
  return [...new Set(sizes)]
}

/** A whole number from `least` to `most`. */
export function parseRangeOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = parseCountOption(text)
    if (count < least || count > most) throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`)
    return count
  }
}

export function parseSecondsOption(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || !(seconds > 0 && seconds <= 3600))
    throw new InvalidArgumentError('expected seconds, more than 0 and at most 3600')
  return seconds
}

/** Sender and receivers that spin want a core each: a note when there are fewer. */
export function crowdedNote({ readers, wait }: Pick<BenchFlags, 'readers' | 'wait'>): string | undefined {
  const spinning = 1 + (wait === 'park' || wait === 'backoff' ? 0 : readers)
  const cores = availableParallelism()
  return spinning > cores ? `${spinning} threads spin on ${cores} CPUs: they take turns, and latencies show it` : undefined
}
