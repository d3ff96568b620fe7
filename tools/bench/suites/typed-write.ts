import { openObserver, openWriter, type QueueWriter } from '@chronicle-ts/core'
import { asTypedWriter, type TypedWriter } from '@chronicle-ts/typed'
import type { Candidate, Suite } from '../candidate.js'
import { settle } from '../settle.js'
import { FORMATS, type QuoteFormat } from './quote-formats.js'
import { QUOTE, QUOTE_LENGTH, Quote, storeByHand, storeTyped, Trade } from './typed-quotes.js'

/** Room for more than a round appends; see `queue-candidate`. */
const BYTES_PER_SECOND = 10 * 1024 ** 3
const PAGE_LENGTH = 4096
const VERSION = { schemaVersion: 1 }

type Types = readonly [typeof Quote, typeof Trade]

/** A quote of nine fields written: as a typed message, by hand, in other formats; first its ready bytes appended, with the same version in the record. */
export function typedWriteSuite(): Suite {
  return {
    name: 'typed write',
    operation: `one quote of ${QUOTE_LENGTH} B in flat1`,
    candidates: [
      (directory, seconds) =>
        candidate('append of ready bytes', { directory, seconds }, (writer) => {
          const bytes = Quote.encode(QUOTE)
          return () => writer.append(1, bytes, VERSION)
        }),
      (directory, seconds) =>
        candidate('write(Quote, fill)', { directory, seconds }, (_, typed) => () => typed.write(Quote, storeTyped)),
      (directory, seconds) =>
        candidate('append(Quote, value)', { directory, seconds }, (_, typed) => () => typed.append(Quote, QUOTE)),
      (directory, seconds) =>
        candidate('by hand, unchecked, and append', { directory, seconds }, (writer) => {
          const bytes = new Uint8Array(QUOTE_LENGTH)
          const view = new DataView(bytes.buffer)
          return () => {
            storeByHand(view)
            writer.append(1, bytes, VERSION)
          }
        }),
      ...FORMATS.map((format) => (directory: string, seconds: number) => {
        const made: QuoteFormat = format()
        return candidate(
          `${made.name}, and append`,
          { directory, seconds },
          (writer) => () => writer.append(1, made.encode(), VERSION),
        )
      }),
    ],
  }
}

function candidate(
  name: string,
  { directory, seconds }: { readonly directory: string; readonly seconds: number },
  make: (writer: QueueWriter, typed: TypedWriter<Types>) => () => unknown,
): Candidate {
  const segmentSize = Math.ceil((seconds * BYTES_PER_SECOND) / PAGE_LENGTH) * PAGE_LENGTH
  const writer = openWriter(directory, { segmentSize })
  const run = make(writer, asTypedWriter(writer, [Quote, Trade]))
  settle()
  return { name, run: () => void run(), verify: (calls) => verify(directory, calls), close: () => writer.close() }
}

function verify(directory: string, calls: number): void {
  using observer = openObserver(directory)
  let count = 0
  for (let next = observer.next(); next !== undefined; next = observer.next()) {
    if (next.typeId !== 1 || next.schemaVersion !== 1) throw new Error(`type ${next.typeId} version ${next.schemaVersion}`)
    count++
  }
  if (count !== calls) throw new Error(`${count} messages instead of ${calls}`)
}
