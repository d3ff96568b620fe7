import { parseArgs } from 'node:util'
import { BusLayout } from '@chronicle-ts/bus'
import { liveVenue } from '../live/live-venue.js'
import { ExpectedError } from '../process/expected-error.js'
import { ParentLink } from '../process/parent-link.js'
import type { FeedState } from '../process/program-state.js'
import { runProgram } from '../process/run-program.js'
import { FeedProgress } from './feed-progress.js'
import { FeedWriter } from './feed-writer.js'
import { playFiles } from './play-files.js'
import { playLive } from './play-live.js'
import { parseSpeed } from './replay-schedule.js'

const USAGE =
  'Usage: feed --root DIR --venue NAME [--speed N|max] [--continue] [--segment-size BYTES] [--max-segments N] FILE... | feed --root DIR --venue NAME --live VENUE --seconds N'

/** One venue's market data into its queue: recorded captures at their own pace, or an exchange's public feed. */
async function main(): Promise<void> {
  const { values, positionals: files } = parseArgs({
    allowPositionals: true,
    options: {
      root: { type: 'string' },
      venue: { type: 'string' },
      speed: { type: 'string' },
      // The queue holds the first frames of the captures already, from a feed that was killed: play those that follow.
      continue: { type: 'boolean', default: false },
      'segment-size': { type: 'string' },
      'max-segments': { type: 'string' },
      live: { type: 'string' },
      seconds: { type: 'string', default: '30' },
    },
  })
  const { root, venue, live, speed, seconds } = values
  if (root === undefined || venue === undefined || (live === undefined) === (files.length === 0)) throw new ExpectedError(USAGE)

  const progress = new FeedProgress()
  const link = new ParentLink<FeedState>(() => progress.state)
  const writer = new FeedWriter(new BusLayout(root), venue, {
    ...(values['segment-size'] !== undefined && { segmentSize: Number(values['segment-size']) }),
    ...(values['max-segments'] !== undefined && { maxSegments: Number(values['max-segments']) }),
  })
  const context = { writer, progress, stop: link.stopSignal }
  try {
    link.ready()
    await link.started
    const skipFrames = values.continue ? writer.nextSequence : 0
    if (live === undefined) await playFiles({ files, speed: parseSpeed(speed), skipFrames }, context)
    else await playLive({ venue: liveVenue(live), seconds: Number(seconds) }, context)
  } finally {
    writer.close()
  }
  await link.done()
}

await runProgram(main)
