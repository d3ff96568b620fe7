/** How much heap typed messages allocate, garbage included, and how much stays; prints it as JSON. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openReader, openWriter } from '@chronicle-ts/core'
import { asTypedReader, asTypedWriter } from '@chronicle-ts/typed'
import { QUOTE, Quote, SUM_OF_FOUR, storeTyped, Trade } from '../../suites/typed-quotes.js'

export interface TypedHeapTask {
  readonly directory: string
  readonly messages: number
}

/** Messages between two collections; see `heap-run`. */
const PART = 100_000
/** Parts that do not count: the engine compiles what runs hot, and that allocates. */
const WARM_UP_PARTS = 5
const BYTES_PER_MB = 1e6

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
const { directory, messages }: TypedHeapTask = JSON.parse(process.argv[2] ?? '{}')
const queue = openWriter(directory, { segmentSize: 64 * 1024 * 1024, retention: { maxSegments: 4 } })
const writer = asTypedWriter(queue, [Quote, Trade])
const reader = asTypedReader(openReader(directory, 'reads'), [Quote])
const skipper = asTypedReader(openReader(directory, 'skips'), [Trade])
const sums = { typedWriteHeapB: 0, typedReadHeapB: 0, typedSkipHeapB: 0 }
let leftAtStart = 0
for (let part = -WARM_UP_PARTS; part * PART < messages; part++) {
  const written = allocated(writePart)
  const read = allocated(readPart)
  const skipped = allocated(skipPart)
  if (part < 0) {
    leftAtStart = left()
    continue
  }
  sums.typedWriteHeapB += written / messages
  sums.typedReadHeapB += read / messages
  sums.typedSkipHeapB += skipped / messages
}
const typedLeftMb = Math.max(0, left() - leftAtStart) / BYTES_PER_MB
for (const one of [reader, skipper, writer]) one.close()
const figures = Object.fromEntries(Object.entries(sums).map(([key, value]) => [key, Math.max(0, value)]))
process.stdout.write(JSON.stringify({ ...figures, typedLeftMb }))

function writePart(): void {
  for (let index = 0; index < PART; index++) writer.write(Quote, storeTyped)
}

function readPart(): void {
  for (let index = 0; index < PART; index++) {
    const message = reader.next()
    if (message === undefined) throw new Error('a message is missing')
    const { body } = message
    if (body.bid + body.ask + body.bidSize + body.instrumentId !== SUM_OF_FOUR) throw new Error('a message is another')
    if (body.symbol !== QUOTE.symbol || body.side !== QUOTE.side) throw new Error('a text is another')
  }
  reader.commit()
}

/** No trade was written: every quote is skipped. */
function skipPart(): void {
  if (skipper.next() !== undefined) throw new Error('a trade that was never written')
  skipper.commit()
}

function allocated(work: () => void): number {
  collect()
  const before = process.memoryUsage().heapUsed
  work()
  return process.memoryUsage().heapUsed - before
}

function left(): number {
  collect()
  return process.memoryUsage().heapUsed
}
