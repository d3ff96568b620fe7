import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { recordedCapture } from '../capture/recorded-capture.js'
import { venueName } from '../capture/venue-name.js'
import { LIVE_VENUES, type LiveVenue } from '../live/live-venue.js'
import { UsageError } from '../process/expected-error.js'
import { DEFAULT_SPEED, parseSpeed } from '../process/speed-option.js'

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
  --live VENUE       instead of a recording, listen to an exchange's public WebSocket: ${LIVE_VENUES.join(', ')}
  --seconds N        how long to listen (default ${DEFAULT_LIVE_SECONDS})
  --json             print the summary as one JSON object
  --help             print this`

/** What one feed process plays. */
export type FeedPlan =
  | { readonly venue: string; readonly files: readonly string[] }
  | { readonly venue: LiveVenue; readonly liveSeconds: number }

export interface DemoOptions {
  readonly feeds: readonly FeedPlan[]
  /** Times the recorded pace. */
  readonly speed: number
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
 * @throws {@link UsageError}
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values, positionals } = parseValues(args)
  if (values.help) return 'help'
  const files = [...(values.input ?? []), ...positionals]
  if (values.live !== undefined && files.length > 0) throw new UsageError('--live and --input exclude each other')
  if (values.seconds !== undefined && values.live === undefined) throw new UsageError('--seconds is for --live')
  return {
    feeds: values.live === undefined ? planFiles(files) : [planLive(values.live, values.seconds)],
    speed: parseSpeed(values.speed),
    strategies: parseCount('--strategies', values.strategies, MAX_STRATEGIES) ?? DEFAULT_STRATEGIES,
    root: values.root,
    keep: values.keep,
    json: values.json,
  }
}

function parseValues(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        input: { type: 'string', multiple: true },
        speed: { type: 'string' },
        strategies: { type: 'string' },
        root: { type: 'string' },
        keep: { type: 'boolean', default: false },
        live: { type: 'string' },
        seconds: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function planFiles(given: readonly string[]): FeedPlan[] {
  const files = given.length > 0 ? given : RECORDED_CAPTURES.map(recordedCapture)
  const byVenue = new Map<string, string[]>()
  for (const file of files) {
    if (!existsSync(file)) throw new UsageError(`No such file: ${file}`)
    const venue = venueName(file)
    byVenue.set(venue, [...(byVenue.get(venue) ?? []), file])
  }
  return [...byVenue].map(([venue, venueFiles]) => ({ venue, files: venueFiles }))
}

function planLive(name: string, seconds: string | undefined): FeedPlan {
  const venue = LIVE_VENUES.find((candidate) => candidate === name)
  if (venue === undefined) throw new UsageError(`--live is one of ${LIVE_VENUES.join(', ')}: ${name}`)
  return { venue, liveSeconds: parseCount('--seconds', seconds, 86_400) ?? DEFAULT_LIVE_SECONDS }
}

function parseCount(option: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined
  const count = Number(text)
  if (text.trim() === '' || !Number.isInteger(count) || count < 1 || count > max) {
    throw new UsageError(`${option} is a whole number from 1 to ${max}: ${text}`)
  }
  return count
}
