/**
 * How much of it a run takes, for tests that draw a sample of something or repeat one thing many times. None is left out at any effort, and none asserts less.
 *
 * - `short`: `npm test`, which a programmer waits for.
 * - `long`: `.ci/run`, and everything else that sets `CI=true`; `npm run check` and `npm run coverage`.
 * - `full`: `npm run proof`.
 *
 * `CHRONICLE_EFFORT` names another one, `CHRONICLE_SCALE` multiplies what `full` takes, and `CHRONICLE_SEED` repeats the random values of a run, whose seed a failure
 * prints.
 */

/** @typedef {'short' | 'long' | 'full'} Effort */

/** @type {Effort} */
export const EFFORT = effortOf(process.env)

const SCALE = scaleOf(process.env)

/** New in every run, so that the short forms of many runs come to the long one. In CI it is the same in every run, so that what fails there is what was changed. */
export const SEED = seedOf(process.env)

/**
 * The whole number for the effort of this run, at least 1.
 *
 * @param {{ short: number, long: number, full?: number }} amounts `full` is `long` by default
 */
export function amount(amounts) {
  return amountAt(amounts, EFFORT, SCALE)
}

/**
 * @param {{ short: number, long: number, full?: number }} amounts
 * @param {Effort} effort
 * @param {number} scale
 */
export function amountAt({ short, long, full = long }, effort, scale) {
  if (effort !== 'full') return effort === 'long' ? long : short
  return Math.max(1, Math.ceil(full * scale))
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Effort}
 */
export function effortOf({ CHRONICLE_EFFORT: named, CI }) {
  if (named === undefined || named === '') return CI === 'true' ? 'long' : 'short'
  if (named !== 'short' && named !== 'long' && named !== 'full')
    throw new RangeError(`CHRONICLE_EFFORT is short, long or full, not ${named}`)
  return named
}

/**
 * So many members of a list, others with every {@link SEED}; all of them at any effort but the short one.
 *
 * @template T
 * @param {readonly T[]} members
 * @param {{ short: number }} count
 * @returns {T[]}
 */
export function sample(members, { short }) {
  if (EFFORT !== 'short') return [...members]
  return Array.from({ length: Math.min(short, members.length) }, (_, index) => {
    // Spread over the list: neighbours are often alike.
    const place = SEED + Math.floor((index * members.length) / short)
    return /** @type {T} */ (members[place % members.length])
  })
}

/**
 * Of a list, one of so many is taken, all in full. A test begins at a place that {@link SEED} determines.
 *
 * @param {{ short: number, long: number }} strides
 */
export function stride({ short, long }) {
  if (EFFORT === 'full') return 1
  return EFFORT === 'long' ? long : short
}

/** @param {NodeJS.ProcessEnv} env */
export function scaleOf({ CHRONICLE_SCALE: named }) {
  const scale = Number(named || 1)
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) throw new RangeError(`CHRONICLE_SCALE is a positive number, not ${named}`)
  return scale
}

/** @param {NodeJS.ProcessEnv} env */
export function seedOf({ CHRONICLE_SEED: named, CI }) {
  if (named === undefined || named === '') return CI === 'true' ? 1 : 1 + Math.floor(Math.random() * 999_999)
  if (!/^\d{1,9}$/.test(named)) throw new RangeError(`CHRONICLE_SEED is a whole number, not ${named}`)
  return Number(named)
}
