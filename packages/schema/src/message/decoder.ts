import { InvalidArgumentError } from '../errors/index.js'
import { checkTypeList } from './check-message.js'
import type { AnyMessageType, BodyOf, MessageReader } from './message-type.js'

/** A decoded message of one of several types: `type` says which, and narrows `body`. */
export type MessageUnion<Types extends readonly AnyMessageType[]> = {
  [Index in keyof Types]: { readonly type: Types[Index]['name']; readonly typeId: number; readonly body: BodyOf<Types[Index]> }
}[number]

/** Decodes messages of several types. */
export interface MessageDecoder<Types extends readonly AnyMessageType[]> {
  /**
   * Returns the message with its body, or `undefined` when no type has this typeId. The result and its body are reused by the next message of the same type.
   *
   * @throws `ERR_BAD_MESSAGE`
   */
  decode(
    record: { readonly typeId: number; readonly version?: number },
    view: DataView,
    offset: number,
    length: number,
  ): MessageUnion<Types> | undefined
}

/**
 * Makes a decoder for messages of these types. It looks the typeId up first, so that every type has a reader and a result of its own. One body for all types would make each
 * access of a field search for it.
 *
 * @throws `ERR_INVALID_ARGUMENT` when two types have one name or one typeId
 */
export function createDecoder<const Types extends readonly AnyMessageType[]>(types: Types): MessageDecoder<Types> {
  checkDistinct(types)
  const entries = new Map(types.map((type) => [type.typeId, createEntry(type)]))
  return {
    decode(record, view, offset, length) {
      const entry = entries.get(record.typeId)
      if (entry === undefined) return undefined
      entry.message.body = entry.reader.wrap(view, offset, length, record.version)
      return entry.message as MessageUnion<Types>
    },
  }
}

interface Entry {
  readonly reader: MessageReader
  readonly message: { readonly type: string; readonly typeId: number; body: unknown }
}

function createEntry(type: AnyMessageType): Entry {
  const reader = type.reader()
  return { reader, message: { type: type.name, typeId: type.typeId, body: undefined } }
}

function checkDistinct(types: readonly AnyMessageType[]): void {
  checkTypeList(types)
  for (const fact of ['name', 'typeId'] as const) {
    const seen = new Set<unknown>()
    for (const type of types) {
      if (seen.has(type[fact]))
        throw new InvalidArgumentError({
          argument: `types: ${fact}`,
          value: type[fact],
          expected: 'a different one for each type',
        })
      seen.add(type[fact])
    }
  }
}
