import { hasHungUp } from '@chronicle-ts/core/internal'
import { createPalette, type Palette, wantsColour } from './palette.js'
import { harmless } from './printable.js'
import { columnsOf } from './terminal-size.js'

/** Lines are gathered up to this size, and handed over at once. */
const BUFFER_LENGTH = 64 * 1024
const NARROWEST_WIDTH = 40
const LOOK_INTERVAL_MS = 500

/** What the commands write results to. */
export interface OutputStream {
  readonly isTTY?: boolean
  readonly columns?: number
  /** The descriptor; absent for a stream without one. */
  readonly fd?: number
  /** Whether more was written than the other end has taken; absent where every write is complete when it returns. */
  readonly writableNeedDrain?: boolean
  /** Bytes that the other end has not taken; absent as above. */
  readonly writableLength?: number
  write(chunk: string | Uint8Array): boolean
  once?(event: 'drain', listener: () => void): unknown
  off?(event: 'drain', listener: () => void): unknown
}

/**
 * Standard output as the commands see it: lines and raw bytes, gathered until {@link flush}. Diagnostics never pass through here.
 *
 * A stream keeps in memory what its other end does not take. A command that writes without end therefore awaits {@link drained} when {@link isFull} says so.
 *
 * A reader that has gone away (`chron-cli tail q | head -1`) is a normal end: {@link closed} turns true, later writes go nowhere.
 */
export class Output {
  readonly palette: Palette
  readonly isTerminal: boolean
  #pending: string[] = []
  #pendingLength = 0
  #closed = false
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly stream: OutputStream,
    environment: NodeJS.ProcessEnv,
  ) {
    this.isTerminal = stream.isTTY === true
    this.palette = createPalette(wantsColour(stream, environment))
  }

  /** Columns to lay out for; `undefined` without a screen, when nothing must be cut. */
  get width(): number | undefined {
    if (!this.isTerminal) return undefined
    return Math.max(NARROWEST_WIDTH, columnsOf(this.stream))
  }

  /** Whether the other end of the pipe is gone. */
  get closed(): boolean {
    return this.#closed
  }

  /** {@link closed} for a command that has nothing to write, and so would never know: asks the system, twice a second at most. */
  noticeClosed(): boolean {
    const now = performance.now()
    if (this.#closed || now - this.#lookedMs < LOOK_INTERVAL_MS) return this.#closed
    this.#lookedMs = now
    if (this.stream.fd !== undefined && hasHungUp(this.stream.fd)) this.markClosed()
    return this.#closed
  }

  /** Whether the other end takes less than is written: the writing command awaits {@link drained} before it goes on. */
  get isFull(): boolean {
    return !this.#closed && this.stream.writableNeedDrain === true
  }

  /** Whether the other end has not taken all that was written, be it only a little: the process does not end before it has. */
  get isWaiting(): boolean {
    return !this.#closed && (this.stream.writableLength ?? 0) > 0
  }

  /** Resolves when the other end has taken what was written, is gone, or `signal` aborts; at once when the output is not full. */
  async drained(signal: AbortSignal): Promise<void> {
    if (!this.isFull || signal.aborted) return
    await new Promise<void>((resolve) => {
      const done = () => {
        this.stream.off?.('drain', done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.stream.once?.('drain', done)
      // A closed standard output aborts the command, too.
      signal.addEventListener('abort', done, { once: true })
    })
  }

  line(text = ''): void {
    this.#pending.push(this.isTerminal ? harmless(text) : text, '\n')
    this.#pendingLength += text.length + 1
    if (this.#pendingLength >= BUFFER_LENGTH) this.flush()
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text)
  }

  /** Writes bytes as they are, after what was written before. */
  bytes(bytes: Uint8Array): void {
    this.flush()
    if (!this.#closed && bytes.length > 0) this.stream.write(bytes)
  }

  /** Text without a line end, such as control sequences of a full-screen view. */
  text(text: string): void {
    this.#pending.push(text)
    this.#pendingLength += text.length
    this.flush()
  }

  /** Hands everything over to the operating system. */
  flush(): void {
    if (this.#pendingLength === 0) return
    const text = this.#pending.join('')
    this.#pending = []
    this.#pendingLength = 0
    if (!this.#closed) this.stream.write(text)
  }

  /** The other end is gone: nothing is written any more. */
  markClosed(): void {
    this.#closed = true
    this.#pending = []
    this.#pendingLength = 0
  }
}
