import { InvalidArgumentError } from '../errors/index.js'

/** Messages that stand one after the other in one buffer, laid out as Apache Arrow lays out binary values of variable size. */
export interface PackedMessages {
  /** The type of all messages, or one for each: 0 to 65534. */
  readonly typeIds: number | Uint16Array
  /** The payloads. They are copied. */
  readonly bytes: Uint8Array
  /** One more than there are messages, ascending: message i is `bytes[offsets[i]]` up to, and without, `bytes[offsets[i + 1]]`. */
  readonly offsets: Uint32Array
}

/** Checks what kind of values they are. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`, which names the argument. */
export function checkPacked({ typeIds, bytes, offsets }: PackedMessages): void {
  if (!isArrayOf('Uint8Array', bytes)) throw invalid('bytes', bytes, 'a Uint8Array')
  if (!isArrayOf('Uint32Array', offsets))
    throw invalid('offsets', offsets, 'a Uint32Array with one offset more than there are messages')
  const count = Math.max(0, offsets.length - 1)
  if (typeof typeIds !== 'number' && !(isArrayOf('Uint16Array', typeIds) && typeIds.length === count))
    throw invalid('typeIds', typeIds, `an integer from 0 to 65534, or a Uint16Array of ${count} of them`)
}

/** What native code checks before it appends any of them. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`, which names the first offset that is wrong. */
export function checkOffsets({ bytes, offsets }: PackedMessages): void {
  const end = bytes.length
  let before = 0
  for (let index = 0; index < offsets.length; index++) {
    const offset = offsets[index] as number
    if (offset < before || offset > end) throw invalid(`offsets[${index}]`, offset, `an integer from ${before} to ${end}`)
    before = offset
  }
}

/** What kind of typed array a value is, `undefined` for everything else: the getter looks at the array itself, also at one of another realm. */
const kindOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get as (
  this: unknown,
) => string | undefined

function isArrayOf(kind: string, value: unknown): boolean {
  return kindOf.call(value) === kind
}

function invalid(argument: string, value: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError({ argument, value, expected })
}
