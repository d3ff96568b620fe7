const LINE_FEED = 0x0a

/**
 * Cuts a stream of byte chunks into lines without their line feeds.
 *
 * A line within one chunk is a view of it; one that spans chunks is copied together once. Lines longer than `maxLineLength` are dropped and
 * counted as they pass, so that a file without line feeds costs no memory.
 */
export class LineSplitter {
  /** Lines that were longer than allowed, so far. */
  oversizeLines = 0
  readonly #maxLineLength: number
  #parts: Uint8Array[] = []
  #partsLength = 0
  #dropping = false

  constructor(maxLineLength: number) {
    this.#maxLineLength = maxLineLength
  }

  /** The lines that `chunk` completes. The chunk must stay unchanged while they are in use. */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start)
      if (end === -1) break
      const line = this.#complete(chunk.subarray(start, end))
      if (line !== undefined) yield line
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
  }

  /** What followed the last line feed; `undefined` when nothing did. */
  end(): Uint8Array | undefined {
    if (this.#partsLength === 0 && !this.#dropping) return undefined
    return this.#complete(new Uint8Array(0))
  }

  #complete(rest: Uint8Array): Uint8Array | undefined {
    this.#keep(rest)
    const parts = this.#parts
    const dropped = this.#dropping
    this.#parts = []
    this.#partsLength = 0
    this.#dropping = false
    if (dropped) {
      this.oversizeLines++
      return undefined
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  }

  #keep(part: Uint8Array): void {
    if (this.#dropping || part.length === 0) return
    this.#partsLength += part.length
    if (this.#partsLength > this.#maxLineLength) {
      this.#dropping = true
      this.#parts = []
    } else this.#parts.push(part)
  }
}
