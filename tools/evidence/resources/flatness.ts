/** By how much a line may rise before it counts as growth. */
export interface Tolerance {
  /** Of the median of the last third above that of the first: an absolute amount, and a share of the first. */
  readonly amount: number
  readonly share: number
  /** What has grown for certain from the first sample to the last, by the fitted line's confidence: no more than this. Not asked for where only swings are seen. */
  readonly certain?: number
}

/** One line over time. */
export interface Line {
  readonly measure: string
  /** Medians of its thirds. */
  readonly thirds: readonly [first: number, second: number, third: number]
  /** Between what the growth from the first sample to the last lies, by a fitted line, with three standard errors to either side. */
  readonly growth: { readonly low: number; readonly high: number }
  readonly isFlat: boolean
}

/**
 * What is counted may fluctuate with the number of open queues, and the addon's two background threads end when they were idle. Memory of its own fluctuates with the garbage
 * collector's mood.
 */
const TOLERANCES: Readonly<Record<string, Tolerance>> = {
  descriptors: { amount: 8, share: 0.2 },
  queueMappings: { amount: 16, share: 0.3 },
  threads: { amount: 2, share: 0 },
  anonymousKb: { amount: 24 * 1024, share: 0.25 },
}

const STANDARD_ERRORS = 3

/**
 * Whether what a process holds stays the same. A leak grows with every repetition, so the median of the last third stands above that of the first; a peak moves
 * no median.
 *
 * @param samples in the order of time and at equal distances, taken after the process was warm
 * @throws RangeError when there are fewer than nine: nothing could be proven with them.
 */
export function measureFlatness<Measure extends string>(
  samples: readonly Readonly<Record<Measure, number>>[],
  tolerances: Readonly<Record<string, Tolerance>> = TOLERANCES,
): Line[] {
  if (samples.length < 9) throw new RangeError(`too few samples to prove anything: count=${samples.length}`)
  return Object.entries(tolerances).map(([measure, tolerance]) => {
    const values = samples.map((sample) => sample[measure as Measure])
    const thirds = mediansOfThirds(values)
    const growth = fitGrowth(values)
    const isLevel = thirds[2] <= thirds[0] + Math.max(tolerance.amount, thirds[0] * tolerance.share)
    return { measure, thirds, growth, isFlat: isLevel && growth.low <= (tolerance.certain ?? Number.POSITIVE_INFINITY) }
  })
}

export function describeLine({ measure, thirds, growth, isFlat }: Line): string {
  const [low, high] = [Math.round(growth.low), Math.round(growth.high)]
  return `${measure} ${thirds.join(' -> ')} (growth ${low} to ${high})${isFlat ? '' : ' GROWS'}`
}

function mediansOfThirds(values: readonly number[]): readonly [number, number, number] {
  const third = Math.floor(values.length / 3)
  const medianOf = (index: number) => median(values.slice(index * third, (index + 1) * third))
  return [medianOf(0), medianOf(1), medianOf(2)]
}

/** Least squares: the slope and its standard error, times the number of steps. */
function fitGrowth(values: readonly number[]): { low: number; high: number } {
  const count = values.length
  const [middle, mean] = [(count - 1) / 2, values.reduce((sum, value) => sum + value, 0) / count]
  const spread = values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0)
  const slope = values.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0) / spread
  const residue = values.reduce((sum, value, index) => sum + (value - mean - slope * (index - middle)) ** 2, 0)
  const error = Math.sqrt(residue / (count - 2) / spread)
  return { low: (slope - STANDARD_ERRORS * error) * (count - 1), high: (slope + STANDARD_ERRORS * error) * (count - 1) }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
