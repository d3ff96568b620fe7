import { formatBytes, formatDuration } from './quantities.js'
import { columnsOf } from './terminal-size.js'

/** Where progress is drawn: a terminal that is not the one results go to, usually standard error. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): boolean
}

const REDRAW_MS = 100
const CLEAR_LINE = '\r\u001b[K'
const BAR_WIDTH_MAX = 40

/** A line with bar, rate and remaining time, redrawn in place on a terminal; silent elsewhere. */
export class ProgressLine {
  readonly #startedMs = performance.now()
  #drawnMs = Number.NEGATIVE_INFINITY
  #isDrawn = false

  constructor(
    private readonly stream: ProgressStream,
    private readonly label: string,
  ) {}

  /** Shows how far the work is; redraws ten times a second at most. */
  update(bytes: number, bytesTotal: number): void {
    const nowMs = performance.now()
    if (this.stream.isTTY !== true || nowMs - this.#drawnMs < REDRAW_MS) return
    this.#drawnMs = nowMs
    this.#isDrawn = true
    this.stream.write(
      CLEAR_LINE + progressText(this.label, { bytes, bytesTotal, elapsedMs: nowMs - this.#startedMs }, columnsOf(this.stream)),
    )
  }

  /** Takes the line off the screen. */
  clear(): void {
    if (this.#isDrawn) this.stream.write(CLEAR_LINE)
    this.#isDrawn = false
  }
}

/** `label  [#####     ]  42%  1.2 GiB of 3 GiB  2.1 GiB/s  0.8 s left`, cut to the width. */
export function progressText(label: string, at: { bytes: number; bytesTotal: number; elapsedMs: number }, width: number): string {
  const share = at.bytesTotal === 0 ? 1 : Math.min(1, at.bytes / at.bytesTotal)
  const perSecond = at.elapsedMs > 0 ? (at.bytes / at.elapsedMs) * 1000 : 0
  const left = perSecond > 0 ? `  ${formatDuration(((at.bytesTotal - at.bytes) / perSecond) * 1e9)} left` : ''
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  const facts = `${percent}  ${formatBytes(at.bytes)} of ${formatBytes(at.bytesTotal)}  ${formatBytes(Math.round(perSecond))}/s${left}`
  const room = Math.min(BAR_WIDTH_MAX, width - label.length - facts.length - 6)
  const bar = room < 5 ? '' : `  [${'#'.repeat(Math.round(share * room)).padEnd(room)}]`
  return `${label}${bar} ${facts}`.slice(0, width - 1)
}
