import { isAscii, isUtf8 } from 'node:buffer'
import type { TextEncodingName, TextSpec } from '../spec/field-spec.js'
import { type Accessor, badMessage, type FieldContext, refuse } from './flyweight.js'
import { KNOWN_TEXT_MAX, KnownTexts } from './known-texts.js'
import { WrittenTexts } from './written-texts.js'

const LONE_SURROGATE = /[\ud800-\udfff]/u
/** Up to here a loop over the bytes is quicker than a call into the engine. */
const SHORT_TEXT = 24

/** Decodes text that lies in a message; bytes that are not text in this encoding make it a bad message. */
export function readText(view: DataView, at: number, length: number, encoding: TextEncodingName, context: FieldContext): string {
  if (length <= SHORT_TEXT) {
    const text = readShortAscii(view, at, length)
    if (text !== undefined) return text
  }
  const bytes = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset + at, length)
  if (encoding === 'latin1') return bytes.toString('latin1')
  if (encoding === 'ascii' && !isAscii(bytes)) badMessage(context, 'a byte that is not ASCII')
  if (encoding === 'utf8' && !isUtf8(bytes)) badMessage(context, 'bytes that are not UTF-8')
  return encoding === 'ascii' ? bytes.toString('latin1') : bytes.toString('utf8')
}

/** Returns `undefined` at the first byte that is not ASCII. */
function readShortAscii(view: DataView, at: number, length: number): string | undefined {
  let text = ''
  for (let index = 0; index < length; index++) {
    const byte = view.getUint8(at + index)
    if (byte > 0x7f) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

/** Bytes of the text in this encoding; what the encoding cannot say is refused, never replaced. */
export function textLength(text: unknown, encoding: TextEncodingName, context: FieldContext): number {
  if (typeof text !== 'string') refuse(context, text, 'a string')
  if (encoding === 'utf8') {
    if (LONE_SURROGATE.test(text)) refuse(context, text, 'well-formed text')
    return Buffer.byteLength(text)
  }
  const limit = encoding === 'ascii' ? 0x7f : 0xff
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > limit) refuse(context, text, `text in ${encoding}`)
  }
  return text.length
}

/** Writes text whose length {@link textLength} has measured. */
export function writeText(view: DataView, at: number, text: string, encoding: TextEncodingName): void {
  if (encoding === 'utf8') {
    const bytes = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset + at, view.byteLength - at)
    bytes.write(text, 0, 'utf8')
    return
  }
  for (let index = 0; index < text.length; index++) view.setUint8(at + index, text.charCodeAt(index))
}

/** Text of at most so many bytes, padded with zeros; it ends at the first zero. */
export function textAccessor(spec: TextSpec, at: number, context: FieldContext): Accessor {
  const { length, encoding } = spec
  const isOptional = spec.optional === true
  const nullText = spec.nullValue ?? ''
  const known = length <= KNOWN_TEXT_MAX ? new KnownTexts(length) : undefined
  const written = length <= KNOWN_TEXT_MAX ? new WrittenTexts(length) : undefined
  const decode = (view: DataView, from: number) => {
    let end = 0
    while (end < length && view.getUint8(from + end) !== 0) end++
    return readText(view, from, end, encoding, context)
  }
  return {
    get() {
      const view = this['~place'].view
      const from = this['~place'].base + at
      const text = known === undefined ? decode(view, from) : (known.find(view, from) ?? known.add(decode(view, from)))
      return isOptional && text === nullText ? undefined : text
    },
    set(value: unknown) {
      const view = this['~place'].view
      const from = this['~place'].base + at
      if (written?.store(view, from, value)) return
      const text = value === undefined && isOptional ? nullText : (value as string)
      const count = textLength(text, encoding, context)
      if (count > length) refuse(context, text, `text of at most ${length} bytes`)
      if (text.includes('\0')) refuse(context, text, 'text without a zero character')
      writeText(view, from, text, encoding)
      for (let index = count; index < length; index++) view.setUint8(from + index, 0)
      written?.remember(view, from, text)
    },
  }
}
