import { complexSize } from '../flyweight/complex.js'
import { SLOT_ALIGNMENT, SLOT_LENGTH } from '../flyweight/slot.js'
import type { FieldDescription, FieldSpec } from '../spec/field-spec.js'
import { elementParts, elementSize, isNumericType, NUMERIC_TYPES } from '../spec/numeric-type.js'

/** Bytes that a field takes in its block; 0 for what follows the block. */
export function fieldSize(spec: FieldSpec): number {
  switch (spec.kind) {
    case 'bool':
      return 1
    case 'enum':
    case 'flags':
      return NUMERIC_TYPES[spec.type].size
    case 'decimal':
    case 'timestampNs':
      return 8
    case 'array':
      return spec.length * elementSize(spec.element)
    case 'complex':
      return complexSize(spec)
    case 'text':
      return spec.length
    case 'composite':
      return spec.size
    case 'constant':
    case 'group':
    case 'data':
      return 0
    default:
      return isNumericType(spec.kind) ? NUMERIC_TYPES[spec.kind].size : SLOT_LENGTH
  }
}

/** Natural alignment: that of the numbers that a field consists of. */
export function fieldAlignment(spec: FieldSpec): number {
  switch (spec.kind) {
    case 'bool':
    case 'text':
    case 'constant':
    case 'composite':
    case 'group':
    case 'data':
      return 1
    case 'array':
      return NUMERIC_TYPES[elementParts(spec.element).type].size
    case 'complex':
      return NUMERIC_TYPES[spec.type].size
    case 'vector':
    case 'matrix':
    case 'quantized':
    case 'utf8':
    case 'bytes':
    case 'list':
      return SLOT_ALIGNMENT
    default:
      return fieldSize(spec)
  }
}

/** Bytes of the block that a message of this version must have: up to the end of the last field that the version has. */
export function blockLengthAt(fields: readonly FieldDescription[], version: number): number {
  let length = 0
  for (const field of fields) {
    const size = fieldSize(field)
    if (size > 0 && (field.since ?? 0) <= version) length = Math.max(length, field.offset + size)
  }
  return length
}

/** {@link blockLengthAt} for every version, looked up without a loop over fields. */
export class BlockLengths {
  readonly #steps: readonly (readonly [since: number, length: number])[]
  readonly #longest: number
  readonly #newest: number

  constructor(fields: readonly FieldDescription[]) {
    const added = new Map([[0, 0]])
    for (const field of fields) {
      const { since = 0, offset } = field
      const size = fieldSize(field)
      added.set(since, Math.max(added.get(since) ?? 0, size > 0 ? offset + size : 0))
    }
    let longest = 0
    const steps = [...added]
      .sort(([a], [b]) => a - b)
      .map(([since, length]) => {
        longest = Math.max(longest, length)
        return [since, longest] as const
      })
    this.#steps = steps.reverse()
    this.#newest = steps[0]?.[0] ?? 0
    this.#longest = longest
  }

  at(version: number): number {
    if (version >= this.#newest) return this.#longest
    for (const [since, length] of this.#steps) if (version >= since) return length
    return this.#longest
  }
}
