import { type BusLayout, openFeedReader } from '@chronicle-ts/bus'
import { type QueueReader, realtimeNs } from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'
import { SendTimesReader, sendNotesDirectory } from '../feed/send-notes.js'
import { LatencyHistogram } from '../latency/latency-histogram.js'
import type { BatchSource } from '../process/parent-link.js'
import type { MarketView } from './market-view.js'
import type { OrderDesk } from './order-desk.js'
import { replayUntil } from './replay-until.js'

/** One feed of a {@link MarketReader}. */
interface Feed {
  readonly sendTimes: SendTimesReader
  /** Sequence of the next message. */
  nextSequence: number
}

/** Reads all feeds merged by timestamp, shows each frame to the view and carries out what it decides. */
export class MarketReader implements BatchSource {
  /** Messages missing between two that follow each other. */
  gaps = 0
  readonly latencies = {
    /** From the feed's append to here, of frames that were sent while this process was running. */
    feed: new LatencyHistogram(),
    /** The same from the moment that the feed's schedule set. */
    schedule: new LatencyHistogram(),
    /** The same from the feed's append, of frames that were sent before: they waited for this process. */
    backlog: new LatencyHistogram(),
  }
  readonly #name: string
  readonly #view: MarketView
  readonly #desk: OrderDesk
  /** A feed that cannot be read on is this strategy's end: it must not trade on half of the market. */
  readonly #merged = new FanInReader<QueueReader>({
    ownsSources: true,
    onSourceError: ({ error }) => {
      throw error
    },
  })
  readonly #startedNs = realtimeNs()
  readonly #feeds = new Map<string, Feed>()

  /** @param name of the reader in every feed */
  constructor(name: string, view: MarketView, desk: OrderDesk) {
    this.#name = name
    this.#view = view
    this.#desk = desk
  }

  /**
   * Attaches a feed, which must be there, where an earlier life of this strategy left it, and shows the view everything before that place again.
   */
  attach(layout: BusLayout, venue: string): void {
    const feed: Feed = { sendTimes: new SendTimesReader(sendNotesDirectory(layout, venue)), nextSequence: 0 }
    this.#feeds.set(venue, feed)
    const reader = openFeedReader(layout, venue, this.#name)
    replayUntil(reader.directory, reader.position, ({ sequence, payload }) => {
      this.#view.observe(venue, payload)
      feed.nextSequence = sequence + 1
    })
    this.#merged.add(venue, reader)
  }

  get positions(): Record<string, number> {
    return Object.fromEntries([...this.#feeds].map(([venue, { nextSequence }]) => [venue, nextSequence]))
  }

  /**
   * Orders first, positions after them: killed in between, the strategy reads those messages again and {@link OrderDesk} recognises them; the other way round
   * it would never send the order.
   */
  read(limit: number): number {
    let count = 0
    for (; count < limit; count++) {
      const merged = this.#merged.next()
      if (merged === undefined) break
      const { key, message } = merged
      this.#arrived(key, message.sequence)
      const decision = this.#view.observe(key, message.payload)
      if (decision !== undefined) this.#desk.place(decision, message)
    }
    if (count > 0) this.#merged.commit()
    return count
  }

  async wait(timeoutMs: number): Promise<void> {
    await this.#merged.waitAsync({ timeoutMs })
  }

  close(): void {
    this.#merged.close()
    for (const { sendTimes } of this.#feeds.values()) sendTimes.close()
  }

  #arrived(venue: string, sequence: number): void {
    const arrivedNs = realtimeNs()
    const feed = this.#feeds.get(venue)
    if (feed === undefined) return
    this.gaps += Math.abs(sequence - feed.nextSequence)
    feed.nextSequence = sequence + 1
    const times = feed.sendTimes.find(sequence)
    if (times === undefined) return
    const { feed: running, schedule, backlog } = this.latencies
    const wasSentBefore = times.sentNs < this.#startedNs
    ;(wasSentBefore ? backlog : running).record(arrivedNs - times.sentNs)
    if (!wasSentBefore) schedule.record(arrivedNs - times.dueNs)
  }
}
