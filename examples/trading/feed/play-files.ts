import { realtimeNs } from '@chronicle-ts/core'
import { CaptureError, CaptureReader } from '../capture/capture-reader.js'
import { contentLength } from '../capture/content-length.js'
import type { FeedProgress } from './feed-progress.js'
import type { FeedWriter } from './feed-writer.js'
import { ReplaySchedule } from './replay-schedule.js'

/** What playing needs besides its input. */
export interface FeedContext {
  readonly writer: FeedWriter
  readonly progress: FeedProgress
  /** Aborted when playing should end at once. */
  readonly stop: AbortSignal
}

/**
 * Plays captures one after another, each from its first frame on at `speed` times its recorded pace. Ends early on a request to stop.
 *
 * @param input `skipFrames`: frames at the beginning that are not played. Default 0.
 * @throws {@link CaptureError} when a file cannot be read, or there is no frame in any of them.
 */
export async function playFiles(
  input: { readonly files: readonly string[]; readonly speed: number; readonly skipFrames?: number },
  context: FeedContext,
): Promise<void> {
  const { writer, progress, stop } = context
  const schedule = new ReplaySchedule(input.speed, realtimeNs)
  const lengths = await Promise.all(input.files.map(contentLength))
  const totalLength = lengths.reduce((sum, length) => sum + length, 0)
  const { skipFrames = 0 } = input
  let skipped = 0
  let playedLength = 0
  for (const file of input.files) {
    const capture = new CaptureReader(file, { maxFrameLength: writer.maxFrameLength })
    schedule.restart()
    for await (const { payload, timestampNs } of capture.frames()) {
      if (skipped < skipFrames) {
        skipped++
        continue
      }
      const dueNs = schedule.dueNs(timestampNs)
      while (!(await schedule.reached(dueNs)) && !stop.aborted);
      if (stop.aborted) return
      progress.frames.add(writer.append(payload, timestampNs, dueNs), payload)
      progress.fraction = totalLength === 0 ? 0 : Math.min(1, (playedLength + capture.counts.contentRead) / totalLength)
    }
    playedLength += capture.counts.contentRead
    progress.addCapture(file, capture.counts)
  }
  // A wrong file is reported; without that it would be a market in which nothing happens.
  if (progress.frames.count === 0 && skipped === 0)
    throw new CaptureError(input.files.join(', '), 'no line is a frame ("<unix seconds>: <frame>")')
  progress.fraction = 1
}
