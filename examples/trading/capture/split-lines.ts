const LINE_FEED = 0x0a

/**
 * Cuts byte chunks into lines without their line feeds. A line within one chunk is a view of it.
 *
 * A line of more than `maxLength` bytes is `undefined`, and its bytes are dropped as they pass: a file without line feeds costs no memory.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  maxLength: number,
): AsyncGenerator<Buffer | undefined, void, undefined> {
  let parts: Buffer[] = []
  let length = 0
  const keep = (part: Buffer): void => {
    length += part.length
    if (length > maxLength) parts = []
    else if (part.length > 0) parts.push(part)
  }
  const complete = (): Buffer | undefined => {
    const [only] = parts
    const line = length > maxLength ? undefined : parts.length === 1 ? only : Buffer.concat(parts)
    parts = []
    length = 0
    return line
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      keep(chunk.subarray(start, end))
      yield complete()
      start = end + 1
    }
    keep(chunk.subarray(start))
  }
  if (length > 0) yield complete()
}
