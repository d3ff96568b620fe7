import { openReader, openWriter, type QueueReader } from '@chronicle-ts/core'
import { asTypedReader, asTypedWriter } from '@chronicle-ts/typed'
import type { Candidate, CandidateFactory, Suite } from '../candidate.js'
import { FORMATS, type QuoteFormat } from './quote-formats.js'
import { QUOTE, QUOTE_LENGTH, Quote, SUM_OF_FOUR, Trade } from './typed-quotes.js'

const MESSAGE_COUNT = 200_000
/** One trade after so many quotes, for a reader that wants trades only. */
const QUOTES_PER_TRADE = 999

/** Messages that a candidate reads per call, in a loop of its own, as programs do: what is measured is not the harness's call. */
const READS_PER_CALL = 1000

/** Messages read from a queue that is there already: bare, four fields of a typed quote, by hand, in other formats, and skipped by type. */
export function typedReadSuite(): Suite {
  return {
    name: 'typed read',
    operation: `one quote of ${QUOTE_LENGTH} B in flat1`,
    candidates: [
      bareNext,
      typedFour,
      fourByHand,
      skipping,
      ...FORMATS.map((format) => (directory: string) => {
        const made: QuoteFormat = format()
        return fourOfFormat(made, openFilled(directory, made.encode()))
      }),
    ],
  }
}

// Every loop is written out: the engine compiles one that several candidates share for all of them.

const bareNext: CandidateFactory = (directory) => {
  const queue = openQuotes(directory)
  return looping('bare next', queue, () => {
    let sum = 0
    for (let count = 0; count < READS_PER_CALL; count++) {
      if (queue.next() === undefined) return count
      sum += SUM_OF_FOUR
    }
    return checked(sum)
  })
}

const typedFour: CandidateFactory = (directory) => {
  const queue = openQuotes(directory)
  const reader = asTypedReader(queue, [Quote])
  return looping('four fields, typed', queue, () => {
    let sum = 0
    for (let count = 0; count < READS_PER_CALL; count++) {
      const next = reader.next()
      if (next === undefined) return count
      const { body } = next
      sum += body.bid + body.ask + body.bidSize + body.instrumentId
    }
    return checked(sum)
  })
}

const fourByHand: CandidateFactory = (directory) => {
  const queue = openQuotes(directory)
  return looping('four fields by hand', queue, () => {
    let sum = 0
    for (let count = 0; count < READS_PER_CALL; count++) {
      const next = queue.next()
      if (next === undefined) return count
      const { view, payloadOffset: at } = next
      sum += view.getFloat64(at + 8, true) + view.getFloat64(at + 16, true) + view.getFloat64(at + 24, true)
      sum += view.getUint32(at + 40, true)
    }
    return checked(sum)
  })
}

function fourOfFormat(format: QuoteFormat, queue: QueueReader): Candidate {
  return looping(`four fields, ${format.name}`, queue, () => {
    let sum = 0
    for (let count = 0; count < READS_PER_CALL; count++) {
      const next = queue.next()
      if (next === undefined) return count
      sum += format.sumOfFour(next.payloadView)
    }
    return checked(sum)
  })
}

/** Returns how many were read. */
function checked(sum: number): number {
  if (sum !== READS_PER_CALL * SUM_OF_FOUR) throw new Error(`the sum ${sum} instead of ${READS_PER_CALL * SUM_OF_FOUR}`)
  return READS_PER_CALL
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

/** Reads round and round; `read` returns how many messages it read, which is all of a call but at the end of the queue. */
function looping(name: string, queue: QueueReader, read: () => number): Candidate {
  return {
    ...candidate(name, queue, () => {
      const count = read()
      if (count !== 0 && count !== READS_PER_CALL) throw new Error(`${count} messages where whole calls should end`)
      return count !== 0
    }),
    operationsPerCall: READS_PER_CALL,
  }
}

/** Reads round and round; `read` says whether there was something to read. */
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
