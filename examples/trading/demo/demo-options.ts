import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { recordedCapture } from '../capture/recorded-capture.js'
import { venueName } from '../capture/venue-name.js'
import { DEFAULT_SPEED, parseSpeed } from '../feed/replay-schedule.js'
import { LIVE_VENUES, liveVenue } from '../live/live-venue.js'
import { ExpectedError } from '../process/expected-error.js'

const DEFAULT_STRATEGIES = 2
const MAX_STRATEGIES = 16
const DEFAULT_LIVE_SECONDS = 30
const RECORDED_CAPTURES = ['coinbase-2021-04-17.ws.txt.gz', 'binance-futures-2021-07-22.ws.txt.gz']

export const DEMO_USAGE = `Usage: npm run demo -- [options] [FILE...]

Replays recorded exchange feeds through persisted queues: feeds, strategies and a router, each a process of its own. One strategy is
killed in the middle and started again. Ends with a summary; exit code 0 when no message and no answer is missing.

  --input FILE...    captures to play instead of the two recorded ones: a line per frame, "<unix seconds>: <frame>", gzipped or not.
                     The venue is the file name without date and endings; captures of one venue are played one after another
  --speed N|max      times the recorded pace (default ${DEFAULT_SPEED}); max: no pace
  --strategies N     strategy processes, 1 to ${MAX_STRATEGIES} (default ${DEFAULT_STRATEGIES})
  --root DIR         where the queues are; those that are there already are continued. Default: a new folder for temporary files
  --keep             keep that new folder for good; without it, it stays until the next demo
  --live VENUE       instead of a recording, listen to an exchange's public WebSocket: ${LIVE_VENUES}
  --seconds N        how long to listen (default ${DEFAULT_LIVE_SECONDS})
  --json             print the summary as one JSON object
  --help             print this`

/** One feed process. */
export interface FeedPlan {
  readonly venue: string
  /** What its program is to play. */
  readonly args: readonly string[]
}

export interface DemoOptions {
  readonly feeds: readonly FeedPlan[]
  readonly strategies: number
  /** `undefined`: a new folder. */
  readonly root: string | undefined
  readonly keep: boolean
  readonly json: boolean
}

/**
 * Reads the command line.
 *
 * @returns `'help'` when that was asked for
 * @throws {@link ExpectedError}
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      input: { type: 'string', multiple: true, default: [] },
      speed: { type: 'string' },
      strategies: { type: 'string', default: String(DEFAULT_STRATEGIES) },
      root: { type: 'string' },
      keep: { type: 'boolean', default: false },
      live: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { help, input, speed, strategies, root, keep, live, seconds, json } = values
  if (help) return 'help'
  const files = [...input, ...positionals]
  if (live !== undefined && files.length > 0) throw new ExpectedError('--live and --input exclude each other')
  if (seconds !== undefined && live === undefined) throw new ExpectedError('--seconds is for --live')
  const pace = parseSpeed(speed)
  return {
    feeds: live === undefined ? planFiles(files, pace) : [planLive(live, seconds)],
    strategies: parseCount('--strategies', strategies, MAX_STRATEGIES),
    root,
    keep,
    json,
  }
}

function planFiles(given: readonly string[], speed: number): FeedPlan[] {
  const files = given.length > 0 ? given : RECORDED_CAPTURES.map(recordedCapture)
  const byVenue = new Map<string, string[]>()
  for (const file of files) {
    if (!existsSync(file)) throw new ExpectedError(`No such file: ${file}`)
    const venue = venueName(file)
    byVenue.set(venue, [...(byVenue.get(venue) ?? []), file])
  }
  const pace = Number.isFinite(speed) ? String(speed) : 'max'
  return [...byVenue].map(([venue, paths]) => ({ venue, args: ['--speed', pace, '--', ...paths] }))
}

function planLive(name: string, seconds = String(DEFAULT_LIVE_SECONDS)): FeedPlan {
  const venue = liveVenue(name)
  return { venue, args: ['--live', venue, '--seconds', String(parseCount('--seconds', seconds, 86_400))] }
}

function parseCount(option: string, text: string, max: number): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > max)
    throw new ExpectedError(`${option} is a whole number from 1 to ${max}: ${text}`)
  return count
}
