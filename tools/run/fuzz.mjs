import { parseArgs } from 'node:util'

/** What `npm run proof -- fuzz` takes at scale 1. */
const FULL_MINUTES = 30

/**
 * What the fuzzer's test reads from its environment, `undefined` for invalid arguments.
 *
 * @param {string[]} args
 * @returns {Record<string, string> | undefined}
 */
export function fuzzEnvironment(args) {
  try {
    const { values } = parseArgs({ args, options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } } })
    const { minutes, seed = String(Date.now() % 1_000_000) } = values
    if (!(Number(minutes) > 0) || !/^\d+$/.test(seed)) return undefined
    return { CHRONICLE_EFFORT: 'full', CHRONICLE_SCALE: String(Number(minutes) / FULL_MINUTES), CHRONICLE_SEED: seed }
  } catch {
    return undefined
  }
}
