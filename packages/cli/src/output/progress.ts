import { formatBytes, formatDuration } from './quantities.js'
import { columnsOf } from './terminal-size.js'
import { cutText, textWidth } from './text-width.js'

/** Where progress is drawn: a terminal that is not the one results go to, usually standard error. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): boolean
}

const REDRAW_MS = 100
const CLEAR_LINE = '\r\u001b[K'
const BAR_WIDTH_MAX = 40
/** What a name needs to be recognised. */
const LABEL_WIDTH_MIN = 12

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

/** `label  [#####     ]  42%  1.2 GiB of 3 GiB  2.1 GiB/s  0.8 s left`, or `label  3.2 s` where the total is not known (0). The label is cut where the line would be wider than the screen. */
export function progressText(label: string, at: { bytes: number; bytesTotal: number; elapsedMs: number }, width: number): string {
  const facts = at.bytesTotal === 0 ? `  ${formatDuration(at.elapsedMs * 1e6)}` : ` ${shareText(at)}`
  const shown = cutText(label, Math.max(LABEL_WIDTH_MIN, width - 1 - facts.length), 'middle')
  const room = Math.min(BAR_WIDTH_MAX, width - textWidth(shown) - facts.length - 5)
  const share = at.bytesTotal === 0 ? 0 : Math.min(1, at.bytes / at.bytesTotal)
  const bar = room < 5 || at.bytesTotal === 0 ? '' : `  [${'#'.repeat(Math.round(share * room)).padEnd(room)}]`
  return cutText(`${shown}${bar}${facts}`, width - 1)
}

function shareText({ bytes, bytesTotal, elapsedMs }: { bytes: number; bytesTotal: number; elapsedMs: number }): string {
  const perSecond = elapsedMs > 0 ? (bytes / elapsedMs) * 1000 : 0
  const left = perSecond > 0 ? `  ${formatDuration((Math.max(0, bytesTotal - bytes) / perSecond) * 1e9)} left` : ''
  const percent = `${Math.floor(Math.min(1, bytes / bytesTotal) * 100)}%`.padStart(4)
  return `${percent}  ${formatBytes(bytes)} of ${formatBytes(bytesTotal)}  ${formatBytes(Math.round(perSecond))}/s${left}`
}
