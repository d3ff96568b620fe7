import { badMessage, type FieldContext, type Flyweight } from './flyweight.js'

/*
 * A slot in the block says where a variable part is: u32 offset from the payload's beginning, u32 count of its elements. Offset 0: there is none.
 */

export const SLOT_LENGTH = 8
export const SLOT_ALIGNMENT = 4
export const SLOT_COUNT_OFFSET = 4

/** Returns where the part begins in the view, or -1 when there is none. What would leave the payload is a bad message. */
export function slotStart(
  body: Flyweight,
  at: number,
  layout: { readonly stride: number; readonly lead: number },
  context: FieldContext,
): number {
  const view = body['~place'].view
  const base = body['~place'].base
  const offset = view.getUint32(base + at, true)
  const count = view.getUint32(base + at + SLOT_COUNT_OFFSET, true)
  if (offset === 0) return count === 0 ? -1 : badMessage(context, 'a slot with a count and without an offset')
  // Numbers, not 32-bit integers: the largest product is below 2^53, so that nothing wraps.
  if (offset + layout.lead + count * layout.stride > body['~place'].end - base)
    badMessage(context, 'a slot extends past the payload')
  return base + offset
}

/** Elements of the part; 0 when there is none. */
export function slotCount(body: Flyweight, at: number): number {
  return body['~place'].getUint32(at + SLOT_COUNT_OFFSET, true)
}
