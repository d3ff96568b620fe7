import type { Frame } from '../frames/frame.js'
import type { ReplicaSource } from '../source/replica-source.js'
import type { FrameStream, StreamEnd } from './frame-stream.js'

/** How often a pusher looks whether the stream still has the companions: limits of a stream delete its oldest messages. */
const LOOK_INTERVAL_MS = 60_000

/** Companions in the stream. */
interface Sent {
  readonly body: Buffer
  /** The message of their first part. */
  readonly sequence: number
}

/**
 * Sees to it that sinks find the companions of the source in the stream. A sink that begins with the stream finds them before the records, or soon after where the stream was
 * trimmed. A sink that has a part of the records finds them after these. Companions that are sent before a backlog are sent once more after it, because the pusher does not
 * know which of these records a sink has.
 */
export class SentCompanions {
  readonly #source: ReplicaSource
  readonly #stream: FrameStream
  #sent: Sent | undefined
  /** Whether records came after companions that no earlier session had sent. */
  #isBacklog = false
  #isUnknown = false
  #lookedMs = performance.now()
  #isLooking = false

  constructor(source: ReplicaSource, stream: FrameStream) {
    this.#source = source
    this.#stream = stream
  }

  /** A session begins where the stream is: what was on its way before counts only if it arrived, and is there still. */
  async beginSession(end: StreamEnd): Promise<void> {
    if (this.#sent !== undefined && !(await this.#isThere(this.#sent, end))) this.#sent = undefined
    this.#sent ??= this.#lastOf(end)
    this.#isUnknown = this.#sent === undefined
    this.#isBacklog = false
    this.repeat()
  }

  /** Notes that the stream has these companions: their parts, from this message on. */
  arrived(companions: readonly Frame[], sequence: number): void {
    this.#sent = { body: Buffer.concat(companions.map(({ body }) => body)), sequence }
  }

  /** Notes that the stream has records. */
  recordsArrived(): void {
    if (this.#isUnknown && this.#sent !== undefined) this.#isBacklog = true
  }

  /** The stream has every record. @returns whether the companions are to be sent once more. */
  caughtUp(): boolean {
    this.#isUnknown = false
    if (!this.#isBacklog) return false
    this.#isBacklog = false
    this.#source.knowCompanions(undefined)
    return true
  }

  /** What was to be sent now and was left out comes with the next records. */
  repeat(): void {
    this.#source.knowCompanions(this.#sent?.body)
  }

  /** Asks from time to time, without waiting for the answer, whether the stream still has them. A server that gives none is asked again. */
  look(): void {
    const nowMs = performance.now()
    if (this.#isLooking || this.#sent === undefined || nowMs - this.#lookedMs < LOOK_INTERVAL_MS) return
    this.#lookedMs = nowMs
    void this.lookNow()
  }

  /** @internal For {@link look}, and for tests, which do not wait for its time. */
  async lookNow(): Promise<void> {
    this.#isLooking = true
    try {
      const range = await this.#stream.range()
      if (range === undefined || this.#sent === undefined || this.#sent.sequence >= range.first) return
      this.#sent = undefined
      this.#source.knowCompanions(undefined)
    } catch {
      // The session meets it, too.
    } finally {
      this.#isLooking = false
    }
  }

  /** A stream that was lost and filled again counts its messages from the beginning. */
  async #isThere({ body, sequence }: Sent, { firstSequence, lastSequence }: StreamEnd): Promise<boolean> {
    if (sequence < firstSequence || sequence > lastSequence) return false
    const frame = await this.#stream.frameAt(sequence)
    return frame !== undefined && frame.count === 0 && body.subarray(0, frame.body.length).equals(frame.body)
  }

  /** What a push sent last, when this one would send the same: the last part of it, which no push publishes without the parts before it. Otherwise they are sent once more. */
  #lastOf({ last, lastSequence }: StreamEnd): Sent | undefined {
    const { companions } = this.#source
    if (last === undefined || companions === undefined) return undefined
    const { count, part, parts, body } = last
    const isSent = count === 0 && part === parts && body.length > 0 && companions.subarray(-body.length).equals(body)
    return isSent ? { body: companions, sequence: lastSequence - parts + 1 } : undefined
  }
}
