import { InvalidArgumentError } from '../errors/index.js'
import type { RetentionOptions } from '../retention/retention-options.js'
import type { WriterOptions } from './writer-options.js'

type Limits = Pick<WriterOptions, 'maxSegments' | 'maxBytes' | 'retention'>

/**
 * What the limits of a queue and its retention ask of each other, which depends on the size of its segments. A bounded queue needs room for two segments. When it is full, retention has to let one
 * segment go, because the queue would stay full otherwise.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` naming the option.
 */
export function checkLimits(options: Limits, segmentSize: number): void {
  const { maxBytes, retention = {} } = options
  if (maxBytes !== undefined && maxBytes < 2 * segmentSize)
    invalid('maxBytes', maxBytes, `a number of at least ${2 * segmentSize}`)
  const capacity = segmentCapacityOf(options, segmentSize)
  const because = `the limits allow ${capacity} segments`
  checkAtMost('retention.minSegments', retention.minSegments, capacity - 1, because)
  checkAtMost('retention.maxSegments', retention.maxSegments, capacity - 1, because)
  checkAtMost('retention.maxBytes', retention.maxBytes, capacity * segmentSize - 1, because)
  // The head is always kept.
  const bySize = Math.max(1, Math.floor((retention.maxBytes ?? Number.POSITIVE_INFINITY) / segmentSize))
  checkAtMost('retention.minSegments', retention.minSegments, bySize, `maxBytes is ${retention.maxBytes}`)
}

/** Most segments that the queue may have. */
export function segmentCapacityOf({ maxSegments, maxBytes }: Limits, segmentSize: number): number {
  const bySize = maxBytes === undefined ? Number.POSITIVE_INFINITY : Math.floor(maxBytes / segmentSize)
  return Math.min(maxSegments ?? Number.POSITIVE_INFINITY, bySize)
}

export function isBounded(options: Limits): boolean {
  return segmentCapacityOf(options, 1) < Number.POSITIVE_INFINITY
}

/** Whether a rule lets segments go. The other rules only say which segments and readers count. */
export function letsGo({ consumed, maxAgeMs, maxBytes, maxSegments }: RetentionOptions): boolean {
  return consumed === true || maxAgeMs !== undefined || maxBytes !== undefined || maxSegments !== undefined
}

/** A bounded queue deletes what every reader has committed past, unless its retention says something else: otherwise it would stay full. */
export function retentionRulesOf(options: Limits): RetentionOptions | undefined {
  const { retention } = options
  if (!isBounded(options) || (retention !== undefined && letsGo(retention))) return retention
  return { ...retention, consumed: retention?.consumed ?? true }
}

function checkAtMost(argument: string, value: number | undefined, maximum: number, because: string): void {
  if (value !== undefined && value > maximum) invalid(argument, value, `a number of at most ${maximum}: ${because}`)
}

function invalid(argument: string, value: unknown, expected: string): never {
  throw new InvalidArgumentError({ argument, value, expected })
}
