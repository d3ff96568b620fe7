import { onAbort } from '@chronicle-ts/core/internal'
import type { ColdItem, ColdProblem, ColdReader, ColdRecord } from '@chronicle-ts/inspect'
import type { MessageFilter } from './message-filter.js'
import { PatternSearch } from './pattern-search.js'

/** A call looked at messages that were not asked for, and has nothing to return yet. */
export const LOOKING = Symbol('looking')

/** Items that one call looks at: few enough for a caller that takes turns. */
const ITEMS_AT_ONCE = 256
/** Bytes of payload that are kept for one search. */
const BYTES_AT_ONCE = 1024 * 1024

export type FoundItem = ColdRecord | ColdProblem

/** The items of a reader that pass a filter, and every problem, a bounded amount of work at a time. */
export class MessageSearch {
  /** What the pattern is looked for in, and found in. */
  #batch: FoundItem[] = []
  #search: PatternSearch | undefined
  #found: FoundItem[] = []

  constructor(
    readonly reader: ColdReader,
    private readonly filter: MessageFilter,
  ) {}

  /** Another thread searches: the next call has nothing to do before {@link settled} resolves. */
  get isSearching(): boolean {
    return this.#search?.pending !== undefined
  }

  /** Resolves when the other thread is done, or the signal comes. */
  async settled(signal: AbortSignal): Promise<void> {
    const pending = this.#search?.pending
    if (pending === undefined || signal.aborted) return
    await new Promise<void>((resolve) => {
      const stopListening = onAbort(signal, resolve)
      void pending.then(stopListening).then(resolve)
    })
  }

  close(): void {
    this.#search?.close()
    this.reader.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** The next problem or message asked for; {@link LOOKING} when none was found yet; `undefined` at the end of what is there now. */
  next(): FoundItem | typeof LOOKING | undefined {
    return this.filter.grep === undefined ? this.#nextByHeader() : (this.#found.shift() ?? this.#nextByPattern(this.filter.grep))
  }

  #nextByHeader(): FoundItem | typeof LOOKING | undefined {
    for (let looks = 0; looks < ITEMS_AT_ONCE; looks += 1) {
      const item = this.reader.next()
      if (item === undefined) return undefined
      if (item.kind === 'problem' || (item.kind === 'record' && this.filter.passes(item))) return item
    }
    return LOOKING
  }

  #nextByPattern(pattern: RegExp): FoundItem | typeof LOOKING | undefined {
    if (this.#search === undefined) {
      if (!this.#fillBatch()) return undefined
      const texts = this.#batch.filter(isRecord).map(({ payload }) => payload.toString('utf8'))
      this.#search = new PatternSearch(pattern, texts)
      return LOOKING
    }
    const matches = this.#search.step()
    if (matches === undefined) return LOOKING
    let record = 0
    this.#found = this.#batch.filter((item) => !isRecord(item) || matches[record++] === true)
    this.#search = undefined
    return this.#found.shift() ?? LOOKING
  }

  /** `false` when there is nothing to read. */
  #fillBatch(): boolean {
    this.#batch = []
    let bytes = 0
    let looked = 0
    for (; looked < ITEMS_AT_ONCE && bytes < BYTES_AT_ONCE; looked += 1) {
      const item = this.reader.next()
      if (item === undefined) break
      if (item.kind === 'problem') this.#batch.push(item)
      if (item.kind !== 'record' || !this.filter.passes(item)) continue
      // The reader's view of a payload moves with its next call.
      this.#batch.push({ ...item, payload: Buffer.from(item.payload) })
      bytes += item.payload.length
    }
    return looked > 0
  }
}

function isRecord(item: ColdItem): item is ColdRecord {
  return item.kind === 'record'
}
