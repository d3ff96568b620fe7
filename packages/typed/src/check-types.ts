import { InvalidArgumentError } from '@chronicle-ts/core'
import type { AnyMessageType } from '@chronicle-ts/schema'

/** Refuses what is not a list of different message types. @throws {@link InvalidArgumentError} */
export function checkTypes(types: unknown): asserts types is readonly AnyMessageType[] {
  if (!Array.isArray(types) || types.length === 0 || !types.every(isMessageType))
    throw new InvalidArgumentError({ argument: 'types', value: types, expected: 'an array of message types, not empty' })
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

function isMessageType(type: unknown): boolean {
  return typeof type === 'object' && type !== null && 'typeId' in type && 'reader' in type && 'encoder' in type
}
