import { type Message, openReader, openWriter, type QueueReader } from '@chronicle-ts/core'
import { asTypedReader, asTypedWriter } from '@chronicle-ts/typed'
import type { Candidate, CandidateFactory, Suite } from '../candidate.js'
import { FORMATS, type QuoteFormat } from './quote-formats.js'
import { QUOTE, QUOTE_LENGTH, Quote, SUM_OF_FOUR, Trade } from './typed-quotes.js'

const MESSAGE_COUNT = 200_000
/** One trade after so many quotes, for a reader that wants trades only. */
const QUOTES_PER_TRADE = 999

/** Messages read from a queue that is there already: bare, four fields of a typed quote, by hand, in other formats, and skipped by type. */
export function typedReadSuite(): Suite {
  return {
    name: 'typed read',
    operation: `one quote of ${QUOTE_LENGTH} B in flat1`,
    candidates: [
      (directory) => reading('bare next', openQuotes(directory), () => SUM_OF_FOUR),
      typedFour,
      (directory) => reading('four fields by hand', openQuotes(directory), sumByHand),
      skipping,
      ...FORMATS.map((format) => (directory: string) => {
        const made: QuoteFormat = format()
        return reading(`four fields, ${made.name}`, openFilled(directory, made.encode()), (next) =>
          made.sumOfFour(next.payloadView),
        )
      }),
    ],
  }
}

function sumByHand(next: Message): number {
  const { view, payloadOffset } = next
  const floats = view.getFloat64(payloadOffset + 8, true) + view.getFloat64(payloadOffset + 16, true)
  return floats + view.getFloat64(payloadOffset + 24, true) + view.getUint32(payloadOffset + 40, true)
}

const typedFour: CandidateFactory = (directory) => {
  const queue = openQuotes(directory)
  const reader = asTypedReader(queue, [Quote])
  return candidate('four fields, typed', queue, () => {
    const next = reader.next()
    if (next === undefined) return false
    const { body } = next
    checkSum(body.bid + body.ask + body.bidSize + body.instrumentId)
    return true
  })
}

function reading(name: string, queue: QueueReader, sum: (next: Message) => number): Candidate {
  return candidate(name, queue, () => {
    const next = queue.next()
    if (next === undefined) return false
    checkSum(sum(next))
    return true
  })
}

function checkSum(sum: number): void {
  if (sum !== SUM_OF_FOUR) throw new Error(`the sum ${sum} instead of ${SUM_OF_FOUR}`)
}

/** One call takes the next trade, and so skips the quotes before it. */
const skipping: CandidateFactory = (directory) => {
  const writer = openWriter(directory)
  const typed = asTypedWriter(writer, [Quote, Trade])
  for (let count = 0; count < MESSAGE_COUNT; count += QUOTES_PER_TRADE + 1) {
    for (let quote = 0; quote < QUOTES_PER_TRADE; quote++) typed.append(Quote, QUOTE)
    typed.append(Trade, { price: 1 })
  }
  writer.close()
  const queue = openReader(directory, 'bench')
  const reader = asTypedReader(queue, [Trade])
  const skip = candidate('skipped by type', queue, () => reader.next()?.body.price === 1)
  return { ...skip, operationsPerCall: QUOTES_PER_TRADE + 1 }
}

/** Reads round and round. */
function candidate(name: string, queue: QueueReader, read: () => boolean): Candidate {
  let count = 0
  return {
    name,
    run() {
      if (!read()) {
        queue.seek('earliest')
        if (!read()) throw new Error('an empty queue')
      }
      count++
    },
    verify(calls) {
      if (count !== calls) throw new Error(`${count} reads instead of ${calls}`)
    },
    close: () => queue.close(),
  }
}

function openQuotes(directory: string): QueueReader {
  return openFilled(directory, Quote.encode(QUOTE))
}

function openFilled(directory: string, bytes: Uint8Array): QueueReader {
  const writer = openWriter(directory)
  const payload = Buffer.from(bytes)
  for (let count = 0; count < MESSAGE_COUNT; count++) writer.append(1, payload, { schemaVersion: 1 })
  writer.close()
  return openReader(directory, 'bench')
}
