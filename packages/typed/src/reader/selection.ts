import { InvalidArgumentError } from '@chronicle-ts/core'
import { checkObject, checkOptions, type OptionNames } from '@chronicle-ts/core/internal'
import type { AnyMessageType, BodyOf, MessageKey } from '@chronicle-ts/schema'
import { checkTypes } from '../check-types.js'

/** Which messages a reader delivers, beyond their types. */
export interface Selection<Types extends readonly AnyMessageType[]> {
  /**
   * Delivers the messages for which it returns a truthy value. It gets the fields in place and must be synchronous. What it throws is thrown by the read, and the
   * position stays.
   */
  readonly where?: ((body: BodyOf<Types[number]>) => boolean) | undefined
  /** Delivers messages whose key field holds one of these. Every type of the reader must have a key; see `keyedBy`. */
  readonly key?: ReadonlySet<MessageKey<Types[number]>> | undefined
  /**
   * What a message does whose bytes are not one of its type: `'strict'` (default) throws `ERR_BAD_MESSAGE` and does not move, `'skip'` counts it and goes on.
   */
  readonly onBadMessage?: 'strict' | 'skip' | undefined
}

/** {@link Selection} without types. */
export interface AnySelection {
  readonly where?: ((body: never) => boolean) | undefined
  readonly key?: ReadonlySet<unknown> | undefined
  readonly onBadMessage?: 'strict' | 'skip' | undefined
}

export const SELECTION_OPTIONS: OptionNames<AnySelection> = { where: true, key: true, onBadMessage: true }

/** @throws {@link InvalidArgumentError} */
export function checkSelection(selection: AnySelection, types: readonly AnyMessageType[]): void {
  checkOptions(selection, SELECTION_OPTIONS, 'selection')
  checkTypes(types)
  const { where, key, onBadMessage } = selection
  if (where !== undefined && typeof where !== 'function')
    throw new InvalidArgumentError({ argument: 'where', value: where, expected: 'a function' })
  if (onBadMessage !== undefined && onBadMessage !== 'strict' && onBadMessage !== 'skip')
    throw new InvalidArgumentError({ argument: 'onBadMessage', value: onBadMessage, expected: 'strict or skip' })
  if (key === undefined) return
  if (!(key instanceof Set)) throw new InvalidArgumentError({ argument: 'key', value: key, expected: 'a Set of keys' })
  const keyless = types.find(({ description }) => description.key === undefined)
  if (keyless !== undefined)
    throw new InvalidArgumentError({ argument: 'key', value: keyless.name, expected: 'types that declare a key with keyedBy()' })
}

/** Separates the selection from the options of the queue's own reader. */
export function splitOptions<Options extends AnySelection>(
  options: Options,
): {
  readonly selection: AnySelection
  readonly others: Omit<Options, keyof AnySelection>
} {
  checkObject(options)
  const { where, key, onBadMessage, ...others } = options
  return { selection: { where, key, onBadMessage }, others }
}
