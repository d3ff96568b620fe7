/** Where progress is shown; `process.stderr` is one. */
export interface ProgressOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const PLAIN_INTERVAL_MS = 2000
const ERASE_LINE = '\r\u001b[2K'

/**
 * One line that says how far things are. On a terminal it is rewritten in place and cut to the terminal's width, because a line that wraps cannot be
 * rewritten; elsewhere a line is printed now and then.
 */
export class ProgressLine {
  readonly #output: ProgressOutput
  readonly #clock: () => number
  #shown = ''
  #lastPlainMs = Number.NEGATIVE_INFINITY

  /** @param clock milliseconds, monotonic */
  constructor(output: ProgressOutput, clock = () => performance.now()) {
    this.#output = output
    this.#clock = clock
  }

  /** Shows how things stand. Called often. */
  update(text: string): void {
    const { isTTY, columns = 80 } = this.#output
    if (isTTY) {
      const line = text.slice(0, Math.max(1, columns - 1))
      if (line !== this.#shown) this.#output.write(`${ERASE_LINE}${line}`)
      this.#shown = line
    } else if (this.#clock() - this.#lastPlainMs >= PLAIN_INTERVAL_MS) {
      this.#lastPlainMs = this.#clock()
      this.#output.write(`${text}\n`)
    }
  }

  /** Something happened: a line that stays, above the one that moves. */
  note(text: string): void {
    this.clear()
    this.#output.write(`${text}\n`)
  }

  /** Takes the moving line away. */
  clear(): void {
    if (this.#shown !== '') this.#output.write(ERASE_LINE)
    this.#shown = ''
  }
}
