/** Maps values to places on a drawing, and says where its lines go. */
export interface SvgScale {
  /** In user units of the drawing. */
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** Even steps from 0 to `most`, at 1, 2 or 5 times a power of ten. */
export function linearScale(most: number, from: number, to: number, tickCount = 5): SvgScale {
  const top = most > 0 ? most : 1
  const rough = top / tickCount
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const ticks = Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, index) => index * step)
  return { at: (value) => from + (value / top) * (to - from), ticks }
}

/** Powers of ten; both ends are rounded outwards to one. */
export function logScale(least: number, most: number, from: number, to: number): SvgScale {
  const low = Math.floor(Math.log10(Math.max(least, 1)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(most, 1))))
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
  const at = (value: number) => from + ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * (to - from)
  return { at, ticks }
}
