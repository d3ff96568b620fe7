import { columnsOf, rowsOf } from '../../output/terminal-size.js'

/** An escape sequence, or any single character. */
const KEYS = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-9;]*[A-Za-z~]|[\\s\\S]`, 'gu')

const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_TO_LINE_END = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

/** What a full-screen view needs of a terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
}

/** The terminal's second screen, with single keys as input. In every case {@link close} gives the first screen back as it was. */
export class Screen {
  #isOpen = true

  constructor(
    private readonly terminal: Terminal,
    onKey: (key: string) => void,
  ) {
    terminal.output.write(ENTER)
    terminal.input.setRawMode(true)
    terminal.input.setEncoding('utf8')
    terminal.input.on('data', (text: string) => {
      for (const key of splitKeys(text)) onKey(key)
    })
    terminal.input.resume()
    process.once('exit', this.#onExit)
  }

  get width(): number {
    return columnsOf(this.terminal.output)
  }

  get height(): number {
    return rowsOf(this.terminal.output)
  }

  /** Draws all lines over what is there, without flicker. */
  draw(lines: readonly string[]): void {
    if (this.#isOpen)
      this.terminal.output.write(`${HOME}${lines.map((line) => line + CLEAR_TO_LINE_END).join('\r\n')}${CLEAR_BELOW}`)
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.off('exit', this.#onExit)
    this.terminal.input.setRawMode(false)
    this.terminal.input.pause()
    this.terminal.input.removeAllListeners('data')
    this.terminal.output.write(LEAVE)
  }

  readonly #onExit = () => this.close()
}

/** Keys that were pressed quickly come as one text: escape sequences stay together. */
export function splitKeys(text: string): string[] {
  return text.match(KEYS) ?? []
}
