import { highHalf, lowHalf } from '@chronicle-ts/core/internal'
import type { FanInSource, SourceLag, SourceWriter } from '../../src/fan-in-source.js'

export interface MemoryMessage {
  readonly timestampHigh: number
  readonly timestampLow: number
  readonly timestampNs: bigint
  readonly sequence: number
}

/** A queue in memory with both ends in one object: what the merge needs of a source, without files, so that every schedule can be played. */
export class MemorySource implements FanInSource<MemoryMessage> {
  peekCount = 0
  /** Called before each load of what a writer can change: what it does happens between two loads of the merge. */
  beforeLoad: ((load: 'message' | 'heartbeat' | 'writer') => void) | undefined
  committed = 0
  closed = false
  /** Thrown by reading while it is set. */
  failure: Error | undefined
  commitFailure: Error | undefined
  readonly #messages: MemoryMessage[] = []
  #heartbeatNs = 0n
  #isOpen = true
  #next = 0

  append(timestampNs: bigint, nowNs = timestampNs): this {
    this.publish(timestampNs)
    this.heartbeat(nowNs)
    return this
  }

  /** The first half of an append. */
  publish(timestampNs: bigint): void {
    const [timestampHigh, timestampLow] = [highHalf(timestampNs), lowHalf(timestampNs)]
    this.#messages.push({ timestampHigh, timestampLow, timestampNs, sequence: this.#messages.length })
  }

  heartbeat(nowNs: bigint): void {
    this.#heartbeatNs = nowNs
  }

  get heartbeatNs(): bigint {
    this.beforeLoad?.('heartbeat')
    return this.#heartbeatNs
  }

  closeWriter(): this {
    this.#isOpen = false
    return this
  }

  /** Takes the lock. A heartbeat follows, then the first append. */
  openWriter(): void {
    this.#isOpen = true
  }

  get isWriterOpen(): boolean {
    return this.#isOpen
  }

  get length(): number {
    return this.#messages.length
  }

  next(): MemoryMessage | undefined {
    if (this.failure !== undefined) throw this.failure
    return this.#messages[this.#next++]
  }

  peek(): MemoryMessage | undefined {
    this.beforeLoad?.('message')
    this.peekCount++
    if (this.failure !== undefined) throw this.failure
    return this.#messages[this.#next]
  }

  writerStatus(): SourceWriter {
    this.beforeLoad?.('writer')
    return { alive: this.#isOpen }
  }

  lag(): SourceLag {
    const messages = this.#messages.length - this.#next
    return { messages, bytes: messages * 64, ns: messages > 0 ? 1n : 0n }
  }

  commit(): void {
    if (this.commitFailure !== undefined) throw this.commitFailure
    this.committed = this.#next
  }

  close(): void {
    this.closed = true
  }
}
