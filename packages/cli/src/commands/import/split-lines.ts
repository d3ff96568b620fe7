import { constants } from 'node:buffer'
import { UsageError } from '../../command-error.js'

const LINE_FEED = 0x0a

/** No longer line can be made a string of. Without a bound, an input that never has a line feed would fill the memory. */
export const LINE_LENGTH_MAX = constants.MAX_STRING_LENGTH

/** A line of the input exceeds what one message can hold. */
export class LineTooLongError extends UsageError {
  override readonly name = 'LineTooLongError'

  constructor(
    /** Counts from 1. */
    readonly line: number,
    lengthMax: number,
  ) {
    super(`longer than ${lengthMax} bytes`)
  }
}

/**
 * Lines of a byte stream, without their line feeds. Splits at line feeds only: what else some programs take for the end of a line (U+2028, a lone carriage return) may stand in a message.
 *
 * @throws {@link LineTooLongError} after the lines before it.
 */
export async function* splitLines(
  stream: AsyncIterable<Buffer | string>,
  lengthMax: number = LINE_LENGTH_MAX,
): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  let begunLength = 0
  let line = 1
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    let from = 0
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
      const part = bytes.subarray(from, at)
      yield begun.length === 0 ? part : Buffer.concat([...begun, part])
      begun = []
      begunLength = 0
      line += 1
      from = at + 1
    }
    if (from < bytes.length) begun.push(bytes.subarray(from))
    begunLength += bytes.length - from
    if (begunLength > lengthMax) throw new LineTooLongError(line, lengthMax)
  }
  if (begun.length > 0) yield Buffer.concat(begun)
}
