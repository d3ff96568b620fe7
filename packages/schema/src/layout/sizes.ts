import { InvalidArgumentError } from '../errors/index.js'
import { dataLength } from '../flyweight/data-accessor.js'
import type { FieldContext, Flyweight } from '../flyweight/flyweight.js'
import { QUANTIZED_LEAD } from '../flyweight/quantized.js'
import { SLOT_COUNT_OFFSET } from '../flyweight/slot.js'
import { textLength } from '../flyweight/text.js'
import type { TextRoom } from '../flyweight/utf8-accessor.js'
import type { FieldDescription, SlotSpec } from '../spec/field-spec.js'
import { elementParts, elementSize } from '../spec/numeric-type.js'
import { alignUp, DATA_ALIGNMENT, MATRIX_ALIGNMENT } from './flat-layout.js'

/** How long the variable parts of a message are, by field: elements, bytes of text, items; `true` for a matrix. */
export type Sizes = Readonly<Record<string, number | boolean | undefined>>

export type Slot = FieldDescription<SlotSpec>

const MAX_COUNT = 0xffff_ffff

/** Elements of a part; -1 when the message is to be without it. */
function slotSize(slot: Slot, sizes: Sizes | undefined, type: string): number {
  const size = sizes?.[slot.name]
  if (slot.kind === 'matrix') return isMatrixThere(slot, size, type) ? slot.rows * slot.columns : -1
  if (size === undefined) return -1
  if (!Number.isInteger(size) || (size as number) < 0 || (size as number) > MAX_COUNT)
    throw new InvalidArgumentError({ argument: `${type}.${slot.name}`, value: size, expected: `a count of 0 to ${MAX_COUNT}` })
  return size as number
}

/** A matrix has one size. Only one that can be absent is left out: without the other, no reader could read the field. */
function isMatrixThere({ name, optional }: Slot & { readonly kind: 'matrix' }, size: unknown, type: string): boolean {
  if (size === undefined) return optional !== true
  if (size === true || (size === false && optional === true)) return size
  const expected = optional === true ? 'true or false' : 'true: only a matrix that is optional can be left out'
  throw new InvalidArgumentError({ argument: `${type}.${name}`, value: size, expected })
}

/** Bytes of a part with so many elements. */
function slotLength(slot: Slot, count: number): number {
  switch (slot.kind) {
    case 'vector':
    case 'matrix':
      return count * elementSize(slot.element)
    case 'quantized':
      return QUANTIZED_LEAD + count
    case 'list':
      return count * slot.size
    default:
      return count
  }
}

/** Bytes of the payload: the block, then each part at its alignment. */
export function flatLength(slots: readonly Slot[], blockLength: number, sizes: Sizes | undefined, type: string): number {
  let end = blockLength
  for (const slot of slots) {
    const count = slotSize(slot, sizes, type)
    if (count !== -1) end = alignUp(end, slot.kind === 'matrix' ? MATRIX_ALIGNMENT : DATA_ALIGNMENT) + slotLength(slot, count)
  }
  return end
}

/**
 * Fills the slots of a message that is being written. Text begins empty; its room is remembered.
 *
 * @throws `ERR_INVALID_ARGUMENT` for a part that would leave the message: sizes can have getters, which said less when the message was measured
 */
export function placeSlots(
  body: Flyweight,
  { slots, fixedLength, type }: { readonly slots: readonly Slot[]; readonly fixedLength: number; readonly type: string },
  sizes: Sizes | undefined,
  rooms: RoomIndex,
): void {
  const view = body['~place'].view
  const base = body['~place'].base
  let end = fixedLength
  for (const slot of slots) {
    const count = slotSize(slot, sizes, type)
    const room = rooms(slot.name)
    if (room !== undefined) (body['~parts'][room] as TextRoom).length = Math.max(count, 0)
    if (count === -1) continue
    const from = alignUp(end, slot.kind === 'matrix' ? MATRIX_ALIGNMENT : DATA_ALIGNMENT)
    end = from + slotLength(slot, count)
    if (base + end > body['~place'].end) throw changedSize(type, slot.name, count)
    view.setUint32(base + slot.offset, from, true)
    view.setUint32(base + slot.offset + SLOT_COUNT_OFFSET, slot.kind === 'utf8' ? 0 : count, true)
  }
}

function changedSize(type: string, name: string, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError({
    argument: `${type}.${name}`,
    value,
    expected: 'the size with which the message was measured',
  })
}

type RoomIndex = (name: string) => number | undefined

/** The sizes that a plain value needs. What is not as the schema wants is found when it is stored. */
export function sizesOfValue(slots: readonly Slot[], value: unknown, type: string): Sizes {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return Object.fromEntries(
    slots.map((slot) => [slot.name, sizeOfPart(slot, given[slot.name], { type, field: slot.name, little: true })]),
  )
}

function sizeOfPart(slot: Slot, value: unknown, context: FieldContext): number | boolean | undefined {
  if (value === undefined) return undefined
  switch (slot.kind) {
    case 'matrix':
      return true
    case 'utf8':
      return textLength(value, 'utf8', context)
    case 'bytes':
      return dataLength(value, { ...slot, kind: 'data', length: { offset: 0, type: 'u32' }, dataOffset: 0 }, context)
    case 'vector':
      return countOf(value, context) / elementParts(slot.element).perElement
    case 'quantized':
      return countOf(
        typeof value === 'object' && value !== null && 'scale' in value ? (value as { values?: unknown }).values : value,
        context,
      )
    default:
      return countOf(value, context)
  }
}

function countOf(value: unknown, context: FieldContext): number {
  const length: unknown = typeof value === 'object' && value !== null ? (value as { length?: unknown }).length : undefined
  if (typeof length === 'number') return length
  throw new InvalidArgumentError({ argument: `${context.type}.${context.field}`, value, expected: 'an array' })
}
