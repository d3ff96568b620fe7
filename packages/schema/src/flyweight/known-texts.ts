/** Longer texts are decoded every time: comparing them would cost as much. */
export const KNOWN_TEXT_MAX = 16

/** Per field. Symbols, venues and codes of most feeds are fewer; a text that takes another's place costs one decoding. */
const PLACES = 256
const WORDS = KNOWN_TEXT_MAX / 4

/**
 * The texts that a short field has held, by their bytes: reading a symbol for the second time makes no string. A table of one place per hash, so that it is
 * bounded.
 */
export class KnownTexts {
  readonly #length: number
  readonly #texts: (string | undefined)[] = new Array(PLACES).fill(undefined)
  readonly #words = new Int32Array(PLACES * WORDS)
  /** What {@link find} looked for. */
  #word0 = 0
  #word1 = 0
  #word2 = 0
  #word3 = 0
  #place = 0

  /** @param length bytes of the field, at most {@link KNOWN_TEXT_MAX} */
  constructor(length: number) {
    this.#length = length
  }

  /** Returns the text that these bytes stand for, or `undefined` when it has to be decoded; then give it to {@link add}. */
  find(view: DataView, from: number): string | undefined {
    const length = this.#length
    const word0 = wordAt(view, from, length)
    const word1 = length > 4 ? wordAt(view, from + 4, length - 4) : 0
    const word2 = length > 8 ? wordAt(view, from + 8, length - 8) : 0
    const word3 = length > 12 ? wordAt(view, from + 12, length - 12) : 0
    const mixed = Math.imul(word0 ^ Math.imul(word1 ^ Math.imul(word2 ^ Math.imul(word3, 31), 31), 31), 0x9e37_79b1)
    const place = mixed >>> 24
    const at = place * WORDS
    const words = this.#words
    if (words[at] === word0 && words[at + 1] === word1 && words[at + 2] === word2 && words[at + 3] === word3) {
      const text = this.#texts[place]
      if (text !== undefined) return text
    }
    this.#place = place
    this.#word0 = word0
    this.#word1 = word1
    this.#word2 = word2
    this.#word3 = word3
    return undefined
  }

  /** Remembers the text of the bytes that were looked for last, and returns it. */
  add(text: string): string {
    const at = this.#place * WORDS
    this.#words[at] = this.#word0
    this.#words[at + 1] = this.#word1
    this.#words[at + 2] = this.#word2
    this.#words[at + 3] = this.#word3
    this.#texts[this.#place] = text
    return text
  }
}

/** Up to four bytes as one number. */
function wordAt(view: DataView, from: number, left: number): number {
  if (left >= 4) return view.getInt32(from, true)
  let word = 0
  for (let index = 0; index < left; index++) word |= view.getUint8(from + index) << (8 * index)
  return word
}
