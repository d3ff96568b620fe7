import type { ProcessSample } from './process-sample.js'

/** By how much the median of the last third may exceed that of the first before it counts as growth: an absolute amount, and a share of the first. */
export interface Tolerance {
  readonly amount: number
  readonly share: number
}

/** One line over time, as the medians of its thirds. */
export interface Line {
  readonly measure: keyof ProcessSample
  readonly thirds: readonly [first: number, second: number, third: number]
  readonly isFlat: boolean
}

/** What is counted may fluctuate with the number of open queues, and the addon's two background threads end when they were idle; memory of its own with the garbage collector's mood. */
export const TOLERANCES: Partial<Record<keyof ProcessSample, Tolerance>> = {
  descriptors: { amount: 8, share: 0.2 },
  queueMappings: { amount: 16, share: 0.3 },
  threads: { amount: 2, share: 0 },
  anonymousKb: { amount: 24 * 1024, share: 0.25 },
}

/**
 * Whether what a process holds stays the same. A leak grows with every repetition, so the median of the last third stands above that of the first; a peak moves
 * no median.
 *
 * @param samples in the order of time, taken after the process was warm
 * @throws RangeError when there are fewer than nine: nothing could be proven with them.
 */
export function measureFlatness(samples: readonly ProcessSample[]): Line[] {
  if (samples.length < 9) throw new RangeError(`too few samples to prove anything: count=${samples.length}`)
  const third = Math.floor(samples.length / 3)
  return (Object.keys(TOLERANCES) as (keyof ProcessSample)[]).map((measure) => {
    const medianOf = (index: number) => median(samples.slice(index * third, (index + 1) * third).map((sample) => sample[measure]))
    const thirds = [medianOf(0), medianOf(1), medianOf(2)] as const
    const { amount, share } = TOLERANCES[measure] ?? { amount: 0, share: 0 }
    return { measure, thirds, isFlat: thirds[2] <= thirds[0] + Math.max(amount, thirds[0] * share) }
  })
}

export function describeLine({ measure, thirds, isFlat }: Line): string {
  return `${measure} ${thirds.join(' -> ')}${isFlat ? '' : ' GROWS'}`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
