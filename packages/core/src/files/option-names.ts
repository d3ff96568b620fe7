import { InvalidArgumentError } from '../errors/index.js'

/**
 * Refuses an option that does not exist. A misspelt option would otherwise be left out in silence, which TypeScript notices and plain JavaScript does not.
 *
 * @param group the option that holds these, for the error: `retention`; absent for the options themselves.
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` naming the option and the known one that is nearest.
 */
export function checkOptionNames(options: object, known: readonly string[], group?: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const value = (options as Record<string, unknown>)[name]
    if (value === undefined) continue
    const argument = group === undefined ? name : `${group}.${name}`
    throw new InvalidArgumentError({ argument, value, expected: `an option that exists; the nearest is ${nearest(name, known)}` })
  }
}

/** The known name to which the fewest letters have to be changed, added or left out. */
function nearest(name: string, known: readonly string[]): string {
  const distances = known.map((candidate) => distance(name.toLowerCase(), candidate.toLowerCase()))
  return known[distances.indexOf(Math.min(...distances))] ?? 'none'
}

/** Levenshtein's, one row at a time. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
