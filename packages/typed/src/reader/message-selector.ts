import { InvalidArgumentError, type Message } from '@chronicle-ts/core'
import { type AnyMessageType, BadMessageError } from '@chronicle-ts/schema'
import { checkTypes, isPromise } from '../check-types.js'
import { type AnySelection, checkSelection } from './selection.js'
import { ReadEntry } from './typed-message.js'

/** How many messages were passed over, and why. */
export interface SkipCounts {
  /** By typeId: types that nobody asked for, and messages that `where` or `key` refused or whose bytes were skipped as bad. */
  readonly byType: ReadonlyMap<number, number>
  /** Messages whose bytes are not one of their type; only with `onBadMessage: 'skip'`. */
  readonly bad: number
}

/**
 * Chooses messages by type, key and predicate, and gives those that are chosen their bodies. What sources of typed messages have in common: readers of one queue, and
 * subscriptions of many.
 */
export class MessageSelector<Entry extends ReadEntry = ReadEntry> {
  readonly #entries: Map<number, Entry>
  readonly #makeEntry: (type: AnyMessageType | undefined, typeId: number) => Entry
  readonly #where: ((body: never) => unknown) | undefined
  readonly #key: ReadonlySet<unknown> | undefined
  readonly #isStrict: boolean
  #bad = 0

  /** @throws `ERR_INVALID_ARGUMENT` for types or a selection that are not valid */
  constructor(
    types: readonly AnyMessageType[],
    selection: AnySelection,
    makeEntry: (type: AnyMessageType | undefined, typeId: number) => Entry,
  ) {
    checkTypes(types)
    checkSelection(selection, types)
    this.#makeEntry = makeEntry
    this.#entries = new Map(types.map((type) => [type.typeId, makeEntry(type, type.typeId)]))
    this.#where = selection.where
    this.#key = selection.key
    this.#isStrict = selection.onBadMessage !== 'skip'
  }

  /**
   * Returns the entry of the message's type with its body on the message, or `undefined` when the message is passed over, which is counted.
   *
   * @throws `ERR_BAD_MESSAGE`, unless they are skipped; what the predicate throws. Nothing was counted then.
   */
  select(message: Message): Entry | undefined {
    const { typeId } = message
    const entry = this.#entries.get(typeId) ?? this.#addUnknown(typeId)
    if (entry.reader !== undefined && this.#decode(entry, message) && this.#isSelected(entry)) return entry
    entry.skipped++
    return undefined
  }

  get skipped(): SkipCounts {
    const skipped = [...this.#entries.values()].filter(({ skipped }) => skipped > 0)
    return { byType: new Map(skipped.map(({ typeId, skipped }) => [typeId, skipped])), bad: this.#bad }
  }

  #decode(entry: Entry, message: Message): boolean {
    try {
      entry.message = message
      entry.body = entry.reader?.wrap(message.view, message.payloadOffset, message.length, message.schemaVersion)
      return true
    } catch (error) {
      if (this.#isStrict || !(error instanceof BadMessageError)) throw error
      this.#bad++
      return false
    }
  }

  #isSelected(entry: Entry): boolean {
    if (this.#key !== undefined && !this.#key.has(entry.keyOf?.call(entry.body))) return false
    if (this.#where === undefined) return true
    const isWanted: unknown = this.#where(entry.body as never)
    if (isPromise(isWanted)) throw promiseFromWhere()
    return Boolean(isWanted)
  }

  #addUnknown(typeId: number): Entry {
    const entry = this.#makeEntry(undefined, typeId)
    this.#entries.set(typeId, entry)
    return entry
  }
}

export function newReadEntry(type: AnyMessageType | undefined, typeId: number): ReadEntry {
  return new ReadEntry(type, typeId)
}

function promiseFromWhere(): InvalidArgumentError {
  const expected = 'a synchronous function: the message moves when it returns'
  return new InvalidArgumentError({ argument: 'where', value: 'a function that returns a promise', expected })
}
