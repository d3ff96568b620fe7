import type { Utf8Spec } from '../spec/field-spec.js'
import { type Accessor, type FieldContext, refuse } from './flyweight.js'
import { SLOT_COUNT_OFFSET, slotCount, slotStart } from './slot.js'
import { readText, textLength, writeText } from './text.js'

const LAYOUT = { stride: 1, lead: 0 }

/** How many bytes of text a message that is being written was begun for; the slot's count says how many it has. */
export class TextRoom {
  length = 0
}

/** Text of any length. A message is begun with room for it and without text; the setter makes the slot's count the text's length. */
export function utf8Accessor(
  spec: Utf8Spec,
  at: number,
  context: FieldContext,
  parts: (() => unknown)[],
): Accessor & { readonly room: number } {
  const room = parts.push(() => new TextRoom()) - 1
  const isOptional = spec.optional === true
  return {
    room,
    get() {
      const from = slotStart(this, at, LAYOUT, context)
      if (from === -1) return isOptional ? undefined : ''
      return readText(this['~place'].view, from, slotCount(this, at), 'utf8', context)
    },
    set(value: unknown) {
      const from = slotStart(this, at, LAYOUT, context)
      if (value === undefined && isOptional && from === -1) return
      const length = textLength(value, 'utf8', context)
      const limit = (this['~parts'][room] as TextRoom).length
      if (length > limit) refuse(context, value, `text of at most ${limit} bytes, for which the message was begun`)
      if (from === -1) return
      writeText(this['~place'].view, from, value as string, 'utf8')
      this['~place'].view.setUint32(this['~place'].base + at + SLOT_COUNT_OFFSET, length, true)
    },
  }
}
