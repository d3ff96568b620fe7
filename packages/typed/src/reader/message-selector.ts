import { BusyError, type Message } from '@chronicle-ts/core'
import { checkFunction, refusePromise } from '@chronicle-ts/core/internal'
import { type AnyMessageType, BadMessageError } from '@chronicle-ts/schema'
import { type AnySelection, checkSelection } from './selection.js'
import { ReadEntry } from './typed-message.js'

/** How many messages were skipped, and why. */
export interface SkipCounts {
  /** By typeId: types that the reader did not ask for, and messages that `where` or `key` refused or whose bytes were skipped as bad. */
  readonly byType: ReadonlyMap<number, number>
  /** Messages whose bytes are not one of their type; only with `onBadMessage: 'skip'`. */
  readonly bad: number
}

/** TypeIds that are looked up by index. */
const LOW_TYPE_COUNT = 256

const WHERE = { argument: 'where', expected: 'a synchronous function: the message moves when it returns' }

/**
 * Chooses messages by type, key and predicate, and gives those that are chosen their bodies. What sources of typed messages have in common: readers of one queue, and
 * subscriptions of many.
 */
export class MessageSelector<Entry extends ReadEntry = ReadEntry> {
  readonly #types: ReadonlyMap<number, AnyMessageType>
  readonly #entries = new Map<number, Entry>()
  /** Those of low typeIds once more: most programs have no others, and an array is quicker. */
  readonly #lowEntries: (Entry | undefined)[] = new Array(LOW_TYPE_COUNT).fill(undefined)
  readonly #makeEntry: (type: AnyMessageType | undefined, typeId: number) => Entry
  readonly #where: ((body: never) => unknown) | undefined
  readonly #key: ReadonlySet<unknown> | undefined
  readonly #isStrict: boolean
  /** Every good message is chosen, and a bad one is an error: the case in which each instruction counts. */
  readonly isPlain: boolean
  readonly #onBad: ((error: BadMessageError) => void) | undefined
  /** Neither a predicate nor keys choose among the messages of a type. */
  readonly takesAll: boolean
  #bad = 0
  /** The predicate runs: the caller refuses other calls with {@link busy}. A check in a method would cost each read more than the comparison. */
  isJudging = false

  /**
   * @param onBad called for each bad message that is skipped
   * @throws `ERR_INVALID_ARGUMENT` for types or a selection that are not valid
   */
  constructor(
    types: readonly AnyMessageType[],
    selection: AnySelection,
    makeEntry: (type: AnyMessageType | undefined, typeId: number) => Entry,
    onBad?: (error: BadMessageError) => void,
  ) {
    checkSelection(selection, types)
    checkFunction('makeEntry', makeEntry)
    this.#makeEntry = makeEntry
    this.#types = new Map(types.map((type) => [type.typeId, type]))
    for (const type of types) this.#add(type, type.typeId)
    this.#where = selection.where
    this.#key = selection.key
    this.takesAll = selection.where === undefined && selection.key === undefined
    this.#isStrict = selection.onBadMessage !== 'skip'
    this.isPlain = this.takesAll && this.#isStrict
    this.#onBad = onBad
  }

  /** Makes the error of a call from within the predicate, which would move the message that it judges, or count it as done. */
  busy(handle: string, method: string): BusyError {
    return new BusyError({ handle, method, during: 'where' })
  }

  /** Returns the entry of a type; one without a reader for types that are not wanted, whose messages the caller counts in it. */
  find(typeId: number): Entry {
    return this.#lowEntries[typeId] ?? this.#findOther(typeId)
  }

  /**
   * Whether a message of a wanted type is chosen; then the entry's body stands on it. One that is skipped is counted.
   *
   * @throws `ERR_BAD_MESSAGE`, unless they are skipped; what the predicate throws. Nothing was counted then.
   */
  isSelected(entry: Entry, message: Message): boolean {
    return this.isPlain && entry.reader !== undefined ? entry.moveTo(message) : this.#isSuitable(entry, message)
  }

  /** {@link isSelected} in all cases. */
  #isSuitable(entry: Entry, message: Message): boolean {
    if (entry.reader === undefined) {
      entry.skipped++
      return false
    }
    if (this.#isStrict ? this.#isWanted(entry, message) : this.#isGood(entry, message)) return true
    entry.skipped++
    return false
  }

  /** Lets go of the messages that were delivered last: their bodies would keep a segment mapped that the caller is done with. */
  releaseMessages(): void {
    for (const { message, typeId, skipped } of [...this.#entries.values()]) {
      if (message !== undefined) this.#add(this.#types.get(typeId), typeId).skipped = skipped
    }
  }

  get skipped(): SkipCounts {
    const skipped = [...this.#entries.values()].filter(({ skipped }) => skipped > 0)
    return { byType: new Map(skipped.map(({ typeId, skipped }) => [typeId, skipped])), bad: this.#bad }
  }

  #isWanted(entry: Entry, message: Message): boolean {
    entry.moveTo(message)
    return this.takesAll || this.#isChosen(entry)
  }

  /** {@link #isWanted} of which a bad message is counted, also one that is bad by a field that the key or the predicate reads. */
  #isGood(entry: Entry, message: Message): boolean {
    try {
      return this.#isWanted(entry, message)
    } catch (error) {
      if (!(error instanceof BadMessageError) || error.type !== entry.type) throw error
      this.#bad++
      this.#onBad?.(error)
      return false
    }
  }

  #isChosen(entry: Entry): boolean {
    if (this.#key !== undefined && !this.#key.has(entry.keyOf?.call(entry.body))) return false
    if (this.#where === undefined) return true
    this.isJudging = true
    try {
      const isWanted: unknown = this.#where(entry.body as never)
      refusePromise(isWanted, WHERE)
      return Boolean(isWanted)
    } finally {
      this.isJudging = false
    }
  }

  #findOther(typeId: number): Entry {
    return this.#entries.get(typeId) ?? this.#add(undefined, typeId)
  }

  #add(type: AnyMessageType | undefined, typeId: number): Entry {
    const entry = this.#makeEntry(type, typeId)
    this.#entries.set(typeId, entry)
    if (typeId < LOW_TYPE_COUNT) this.#lowEntries[typeId] = entry
    return entry
  }
}

export function newReadEntry(type: AnyMessageType | undefined, typeId: number): ReadEntry {
  return new ReadEntry(type, typeId)
}
