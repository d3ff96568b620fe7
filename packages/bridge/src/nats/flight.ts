import type { Frame } from '../frames/frame.js'
import type { Outgoing } from '../source/replica-source.js'

/** Frames and bytes of bodies that are on their way at once. The parts of a large record wait for room, like everything else. */
const IN_FLIGHT_MAX = { frames: 8, bytes: 2 * 1024 * 1024 }

/** Records or companions on their way, and the message of the first frame of them. */
export interface Sent extends Outgoing {
  readonly message: number
}

/** `pending`: nothing in the time that was given. */
type Arrival = Sent | 'refused' | 'abandoned' | 'pending'

/** Publishes a frame. @returns whether the server took it as the one that follows */
type Publish = (frame: Frame) => Promise<boolean>

interface Departing {
  readonly frame: Frame
  /** What has arrived with this frame, the last one of it. */
  readonly completes: Sent | undefined
}

interface Flying {
  readonly bytes: number
  readonly accepted: Promise<boolean>
  readonly completes: Sent | undefined
}

/** Frames on their way, in order. When the signal aborts they are abandoned: the stream says afterwards which of them arrived. */
export class Flight {
  readonly #publish: Publish
  readonly #signal: AbortSignal
  readonly #departing: Departing[] = []
  readonly #flying: Flying[] = []
  #bytes = 0
  /** For the oldest that has not arrived as a whole. */
  #answer: Promise<Arrival> | undefined
  #abandon: ((arrival: Arrival) => void) | undefined

  constructor(publish: Publish, signal: AbortSignal) {
    this.#publish = publish
    this.#signal = signal
    signal.addEventListener('abort', () => this.#abandon?.('abandoned'), { once: true })
  }

  /** Whether everything arrived, and was reported. */
  get isEmpty(): boolean {
    return this.#flying.length === 0 && this.#answer === undefined
  }

  /** Whether something must arrive before more is added. */
  get isFull(): boolean {
    return this.#departing.length > 0 || !this.#hasRoom
  }

  /** Sends the frames of it, as far as there is room, and the rest when others have arrived. */
  add(sent: Sent): void {
    const frames = [...sent.companions, ...sent.frames]
    for (const [index, frame] of frames.entries())
      this.#departing.push({ frame, completes: index === frames.length - 1 ? sent : undefined })
    this.#depart()
  }

  /**
   * Waits for the oldest. After a refusal all that follow are refused, too, and are waited for.
   *
   * @param timeoutMs how long at most; without a limit by default
   */
  async first(timeoutMs?: number): Promise<Arrival> {
    this.#answer ??= this.#oldest()
    const answer = this.#answer
    const arrival = await new Promise<Arrival>((resolve, reject) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => resolve('pending'), timeoutMs)
      this.#abandon = resolve
      if (this.#signal.aborted) resolve('abandoned')
      void answer.then(resolve, reject).finally(() => clearTimeout(timer))
    })
    if (arrival !== 'pending') this.#answer = undefined
    return arrival
  }

  get #hasRoom(): boolean {
    return this.#flying.length < IN_FLIGHT_MAX.frames && this.#bytes < IN_FLIGHT_MAX.bytes
  }

  #depart(): void {
    while (this.#hasRoom && !this.#signal.aborted) {
      const next = this.#departing.shift()
      if (next === undefined) return
      const { frame, completes } = next
      const accepted = this.#publish(frame)
      // A failure is met where it is awaited; until then it must not count as unhandled.
      accepted.catch(() => undefined)
      this.#flying.push({ bytes: frame.body.length, accepted, completes })
      this.#bytes += frame.body.length
    }
  }

  async #oldest(): Promise<Arrival> {
    for (;;) {
      const [oldest] = this.#flying
      if (oldest === undefined) return 'refused'
      const isAccepted = await oldest.accepted
      if (!isAccepted) return await this.#refused()
      this.#flying.shift()
      this.#bytes -= oldest.bytes
      this.#depart()
      if (oldest.completes !== undefined) return oldest.completes
    }
  }

  async #refused(): Promise<Arrival> {
    this.#departing.length = 0
    await Promise.allSettled(this.#flying.splice(0).map(({ accepted }) => accepted))
    this.#bytes = 0
    return 'refused'
  }
}
