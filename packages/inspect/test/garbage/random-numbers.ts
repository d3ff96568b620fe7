/** `random(limit)` is one of 0 to limit - 1. */
export type RandomNumbers = (limit: number) => number

/** Small reproducible numbers. */
export function randomNumbers(seed: number): RandomNumbers {
  let state = (seed * 2_654_435_761) >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * limit)
  }
}
