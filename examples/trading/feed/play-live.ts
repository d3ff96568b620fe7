import { realtimeNs } from '@chronicle-ts/core'
import { listenLive } from '../live/live-frames.js'
import { LIVE_SOURCES, type LiveVenue } from '../live/live-venue.js'
import type { FeedContext } from './play-files.js'

/** How often to look whether the time is over. */
const LOOK_INTERVAL_MS = 100

/** Appends what an exchange sends, for so long. A frame's timestamp is when it arrived here; it is due at that moment. */
export async function playLive(
  input: { readonly venue: LiveVenue; readonly seconds: number },
  context: FeedContext,
): Promise<void> {
  const { writer, progress, stop } = context
  const end = new AbortController()
  const startMs = performance.now()
  const timer = setInterval(() => {
    progress.fraction = Math.min(1, (performance.now() - startMs) / 1000 / input.seconds)
    if (progress.fraction === 1 || stop.aborted) end.abort()
  }, LOOK_INTERVAL_MS)
  try {
    await listenLive(LIVE_SOURCES[input.venue], end.signal, (frame) => {
      if (frame.length > writer.maxFrameLength) {
        progress.warnings.push(`A frame of ${frame.length} bytes was left out: no segment has room for it`)
        return
      }
      const timestampNs = realtimeNs()
      progress.frames.add(writer.append(frame, timestampNs, timestampNs), frame)
    })
  } finally {
    clearInterval(timer)
  }
}
