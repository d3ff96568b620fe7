import { KNOWN_TEXT_MAX } from './known-texts.js'

/** Per field. Texts beyond the first so many are encoded every time. */
const TEXTS_MAX = 1024
const WORDS = KNOWN_TEXT_MAX / 4

/** The bytes of short texts that were written before: writing a symbol again is a lookup and a few stores, without a look at its characters. */
export class WrittenTexts {
  readonly #length: number
  readonly #places = new Map<unknown, number>()
  readonly #words = new Int32Array(TEXTS_MAX * WORDS)
  /** The text that was stored last: the next message often has the same. */
  #lastText: unknown
  #lastPlace = 0

  /** @param length bytes of the field, at most {@link KNOWN_TEXT_MAX} */
  constructor(length: number) {
    this.#length = length
  }

  /** Stores a text that was written before, with its padding, and says whether it was. */
  store(view: DataView, from: number, text: unknown): boolean {
    const place = text === this.#lastText && text !== undefined ? this.#lastPlace : this.#look(text)
    if (place < 0) return false
    const words = this.#words
    const length = this.#length
    const whole = length & ~3
    let at = place * WORDS
    for (let offset = 0; offset < whole; offset += 4) view.setInt32(from + offset, words[at++] as number, true)
    for (let offset = whole; offset < length; offset++) view.setUint8(from + offset, (words[at] as number) >>> (8 * (offset & 3)))
    return true
  }

  #look(text: unknown): number {
    const place = this.#places.get(text)
    if (place === undefined) return -1
    this.#lastText = text
    this.#lastPlace = place
    return place
  }

  /** Remembers a text by the bytes that were just written there. */
  remember(view: DataView, from: number, text: string): void {
    if (this.#places.size === TEXTS_MAX) return
    const at = this.#places.size * WORDS
    this.#places.set(text, this.#places.size)
    for (let offset = 0; offset < this.#length; offset++) {
      const word = at + (offset >> 2)
      this.#words[word] = (this.#words[word] as number) | (view.getUint8(from + offset) << (8 * (offset & 3)))
    }
  }
}
