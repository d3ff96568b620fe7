import { parseArgs } from 'node:util'

export const USAGE = `usage: npm run torture -- [--minutes N] [--seed S] [--kills N] [--rounds N] [--total-kills N] [--keep]

  --minutes N   how long (default 1)
  --seed S      begins with this seed (default: the clock's); a failure names the seed of its round
  --kills N     kills per queue (default 150)
  --rounds N    ends after so many queues
  --total-kills N  ends after so many kills; with it, --minutes is a bound only
  --keep        leaves the queue of a failure where it is
`

export interface TortureOptions {
  readonly help: boolean
  readonly minutes: number
  readonly seed: number
  readonly kills: number
  readonly rounds: number
  readonly totalKills: number
  readonly keep: boolean
}

/** @throws Error that names the option which is not a positive number, or not known. */
export function parseTortureOptions(args: readonly string[]): TortureOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      kills: { type: 'string', default: '150' },
      rounds: { type: 'string', default: String(Number.MAX_SAFE_INTEGER) },
      'total-kills': { type: 'string', default: String(Number.MAX_SAFE_INTEGER) },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const number = (name: 'minutes' | 'seed' | 'kills' | 'rounds' | 'total-kills') => {
    const value = Number(values[name])
    if (!(value >= 0) || (name !== 'minutes' && !Number.isInteger(value)))
      throw new Error(`--${name}: ${values[name]} is not usable`)
    return value
  }
  const { help, keep } = values
  return {
    help,
    keep,
    minutes: number('minutes'),
    seed: number('seed'),
    kills: number('kills'),
    rounds: number('rounds'),
    totalKills: number('total-kills'),
  }
}
