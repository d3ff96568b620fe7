import { Random } from '../random.js'

/** Which history a message belongs to: everything about it follows from here, so nothing needs to be remembered. */
export interface History {
  readonly seed: number
  /** 1 before the first power cut, 2 after it, 3 after the next. */
  readonly generation: number
  readonly segmentSize: number
}

export interface ExpectedMessage {
  readonly typeId: number
  readonly payload: Buffer
}

/** The message that a history has under this sequence. Most are short, some fill half a segment, some are empty. */
export function expectedMessage(history: History, sequence: number): ExpectedMessage {
  const random = new Random((Math.imul(history.seed, 0x9e3779b1) ^ Math.imul(sequence + 1, 0x85ebca6b)) + history.generation)
  const longest = history.segmentSize / 2 - 128
  const length = random.pick([
    0,
    8,
    random.integer(1, 64),
    random.integer(1, 300),
    random.integer(1, 300),
    random.integer(1, longest),
  ])
  const payload = Buffer.alloc(length)
  for (let index = 0; index < length; index++) payload[index] = random.integer(1, 255)
  return { typeId: random.integer(0, 0xfffe), payload }
}

export function isSameMessage(
  expected: ExpectedMessage,
  found: { readonly typeId: number; readonly payload: Uint8Array },
): boolean {
  return expected.typeId === found.typeId && expected.payload.equals(found.payload)
}
