import { describe, expect, it } from 'vitest'
import { KNOWN_TEXT_MAX, KnownTexts } from './known-texts.js'

/** Reads a field as its accessor does. */
function read(known: KnownTexts, bytes: Uint8Array, from: number, length: number): { text: string; isKnown: boolean } {
  const view = new DataView(bytes.buffer)
  const found = known.find(view, from)
  const text = found ?? known.add(Buffer.from(bytes.subarray(from, from + length)).toString('latin1'))
  return { text, isKnown: found !== undefined }
}

describe('KnownTexts', () => {
  it.each([1, 3, 4, 7, 8, 11, KNOWN_TEXT_MAX])('gives every text of %i bytes back, also when texts share a place', (length) => {
    const known = new KnownTexts(length)
    const bytes = new Uint8Array(length + 3)
    for (let round = 0; round < 2; round++) {
      for (let number = 0; number < 2000; number++) {
        const text = number.toString(36).padStart(length, 'x').slice(-length)
        bytes.set(Buffer.from(text, 'latin1'), 3)
        expect(read(known, bytes, 3, length).text).toBe(text)
      }
    }
  })

  it('makes no string for a text that it has seen', () => {
    const known = new KnownTexts(8)
    const bytes = Buffer.alloc(8)
    bytes.write('BTC-USD')
    const copy = new Uint8Array(bytes)
    expect([read(known, copy, 0, 7).isKnown, read(known, copy, 0, 7).isKnown]).toEqual([false, true])
  })

  it('does not take the bytes after the field for a part of it', () => {
    const known = new KnownTexts(5)
    const bytes = new Uint8Array(Buffer.from('hello1'))
    expect(read(known, bytes, 0, 5)).toEqual({ text: 'hello', isKnown: false })
    bytes[5] = 0x32
    expect(read(known, bytes, 0, 5)).toEqual({ text: 'hello', isKnown: true })
  })
})
