import type { Frame, FrameHead } from './frame.js'

/** All parts of the records of one frame, or of one large record. */
export interface WholeFrame extends Omit<FrameHead, 'part' | 'parts' | 'crc'> {
  readonly body: Uint8Array
}

/** Puts the parts of a frame together. They come one after the other; a first part begins again. */
export class FrameAssembler {
  #parts: Frame[] = []

  /** Whether parts are missing. */
  get isInside(): boolean {
    return this.#parts.length > 0
  }

  /** Returns the whole, `undefined` while parts are missing, or what is wrong in a few words. */
  take(frame: Frame): WholeFrame | string | undefined {
    if (frame.part === 1) this.#parts = []
    const [first] = this.#parts
    if (frame.part !== this.#parts.length + 1)
      return `part ${frame.part} of ${frame.parts} does not follow part ${this.#parts.length}`
    if (first !== undefined && !belongsTo(first, frame)) return `part ${frame.part} is of another frame than the parts before it`
    this.#parts.push(frame)
    if (frame.part < frame.parts) return undefined
    const body = this.#parts.length === 1 ? frame.body : Buffer.concat(this.#parts.map((part) => part.body))
    this.#parts = []
    const { queueId, term, count } = frame
    return { queueId, term, first: frame.first, count, body }
  }
}

function belongsTo(one: Frame, other: Frame): boolean {
  return (
    one.queueId === other.queueId &&
    one.term === other.term &&
    one.first === other.first &&
    one.count === other.count &&
    one.parts === other.parts
  )
}
