import { type Accessor, type FieldContext, type Flyweight, refuse } from './flyweight.js'
import { isDetached } from './numeric-view.js'
import { type Data, dataExtent, messageOf, type SectionWalk } from './section-walk.js'
import { readText, textLength, writeText } from './text.js'

/** Bytes as a view of the message, or text. What is written must have exactly the length that the message was begun with, because the next part follows it. */
export function dataAccessor(data: Data, context: FieldContext): Accessor {
  const { encoding } = data
  const extent = (body: Flyweight) => {
    const start = (body['~sections'] as SectionWalk).start(body, data.offset, context.little)
    return dataExtent(data, start, messageOf(body, context.type, context.little))
  }
  return {
    get() {
      if ((data.since ?? 0) > this['~place'].version) return undefined
      const { from, length } = extent(this)
      const view = this['~place'].view
      if (encoding === undefined) return new Uint8Array(view.buffer, view.byteOffset + from, length)
      return readText(view, from, length, encoding, context)
    },
    set(value: unknown) {
      const { from, length } = extent(this)
      const view = this['~place'].view
      const given = dataLength(value, data, context)
      if (given !== length) refuse(context, value, `${length} bytes, for which the message was begun`)
      if (encoding !== undefined) writeText(view, from, (value ?? '') as string, encoding)
      else if (value !== undefined) new Uint8Array(view.buffer, view.byteOffset + from, length).set(value as Uint8Array)
    },
  }
}

/** Bytes that a value takes; what is left out takes none. */
export function dataLength(value: unknown, data: Data, context: FieldContext): number {
  if (value === undefined) return 0
  if (data.encoding !== undefined) return textLength(value, data.encoding, context)
  if (!(value instanceof Uint8Array) || isDetached(value)) refuse(context, value, 'a Uint8Array that is not detached')
  return value.byteLength
}
