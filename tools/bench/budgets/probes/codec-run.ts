/** Measures one operation of one codec, or reads with many schemas, in a process of its own. A place of use that saw several shapes of objects is slow for all. */
import { ascii, f64, message, u32 } from '@chronicle-ts/schema'
import { measureSuite } from '../../measure-suite.js'
import { SUM_OF_ALL, SUM_OF_FOUR } from '../../suites/typed-quotes.js'
import { CODECS, type CodecOperation } from './codec-quotes.js'

export interface CodecTask {
  readonly directory: string
  readonly seconds: number
  readonly work:
    | { readonly codec: string; readonly operation: CodecOperation }
    /** Two fields read in turn through so many schemas, or (0) through a class as a generator would write it. */
    | { readonly schemas: number }
}

export interface CodecFigures {
  readonly ns: number
}

const EXPECTED: Readonly<Partial<Record<CodecOperation, number>>> = { readFour: SUM_OF_FOUR, readAll: SUM_OF_ALL }
/** Reads of one call, so that the call through an array of functions costs little of each. */
const READS_PER_SITE = 1000
/** Rounds of the warm-up through all places of use, and reads of each: the engine compiles a function in the background, between two calls of it. */
const WARM_UP_ROUNDS = 10
const WARM_UP_READS = 20_000

const { directory, seconds, work }: CodecTask = JSON.parse(process.argv[2] ?? '{}')

class GeneratedPair {
  #view: DataView = new DataView(new ArrayBuffer(8))
  #base = 0

  wrap(view: DataView, base: number): this {
    this.#view = view
    this.#base = base
    return this
  }
  get bid(): number {
    return this.#view.getFloat64(this.#base + 8, true)
  }
  get ask(): number {
    return this.#view.getFloat64(this.#base + 16, true)
  }
}

const figures: CodecFigures = {
  ns: await ('codec' in work ? measureCodec(work.codec, work.operation) : measureSchemas(work.schemas)),
}
process.stdout.write(JSON.stringify(figures))

function measureCodec(name: string, operation: CodecOperation): Promise<number> {
  const codec = CODECS[name]?.()
  if (codec === undefined) throw new Error(`there is no codec ${name}`)
  const call = codec[operation]
  let last: unknown
  return measure({
    name: `${name} ${operation}`,
    run: () => {
      last = call()
    },
    verify: () => {
      const expected = EXPECTED[operation]
      if (expected !== undefined && last !== expected)
        throw new Error(`${name} ${operation} gives ${last} instead of ${expected}`)
    },
  })
}

function measureSchemas(count: number): Promise<number> {
  const view = new DataView(new ArrayBuffer(64))
  const sites =
    count === 0
      ? [siteOf(new GeneratedPair(), view, 'generated')]
      : Array.from({ length: count }, (_, index) => {
          const fields = { [`f${index}`]: u32(), bid: f64(), ask: f64(), symbol: ascii(8) }
          return siteOf(message(`Quote${index}`, index, fields).reader(), view, String(index))
        })
  for (let round = 0; round < WARM_UP_ROUNDS; round++) for (const site of sites) site(WARM_UP_READS)
  let turn = 0
  let sum = 0
  return measure({
    name: `${count} schemas`,
    operationsPerCall: READS_PER_SITE,
    run: () => {
      sum += sites[turn++ % sites.length]?.(READS_PER_SITE) ?? Number.NaN
    },
    verify: () => {
      if (sum !== 0) throw new Error(`the sum of zeros is ${sum}`)
    },
  })
}

async function measure(candidate: {
  readonly name: string
  readonly operationsPerCall?: number
  readonly run: () => void
  readonly verify: () => void
}): Promise<number> {
  const suite = { name: candidate.name, operation: 'one message', candidates: [() => ({ ...candidate, close: () => undefined })] }
  const { candidates } = await measureSuite(suite, { directory, rounds: 1, secondsPerRound: seconds })
  return candidates[0]?.nsMedian ?? Number.NaN
}

/** One place of use per schema: made from text, so that the engine compiles each for itself. */
function siteOf(reader: object, view: DataView, label: string): (count: number) => number {
  const text = `/* ${label} */ let sum = 0
    for (let i = 0; i < count; i++) { const q = reader.wrap(view, i & 8, 56, 1); sum += q.bid + q.ask }
    return sum`
  return new Function('reader', 'view', 'count', text).bind(undefined, reader, view)
}
