const LINE_FEED = 0x0a

/**
 * Lines of a byte stream, without their line feeds. Splits at line feeds only: what else some programs take for the end of a line (U+2028, a lone carriage return) may stand in a message.
 */
export async function* splitLines(stream: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    let from = 0
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
      const part = bytes.subarray(from, at)
      yield begun.length === 0 ? part : Buffer.concat([...begun, part])
      begun = []
      from = at + 1
    }
    if (from < bytes.length) begun.push(bytes.subarray(from))
  }
  if (begun.length > 0) yield Buffer.concat(begun)
}
