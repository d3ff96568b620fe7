import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LineSplitter } from './line-splitter.js'

/** All lines of the chunks, copied, the last one included. */
function split(chunks: Uint8Array[], maxLineLength = 1000): { lines: string[]; oversizeLines: number } {
  const splitter = new LineSplitter(maxLineLength)
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)].map((line) => Buffer.from(line).toString()))
  const last = splitter.end()
  if (last !== undefined) lines.push(Buffer.from(last).toString())
  return { lines, oversizeLines: splitter.oversizeLines }
}

it('gives the same lines however the bytes are cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{0,12}$/)), fc.integer({ min: 1, max: 9 }), (lines, chunkLength) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      const chunks: Buffer[] = []
      for (let start = 0; start < bytes.length; start += chunkLength) chunks.push(bytes.subarray(start, start + chunkLength))
      expect(split(chunks).lines).toEqual(lines)
    }),
  )
})

it('gives the last line also without a line feed', () => {
  expect(split([Buffer.from('a\nb')]).lines).toEqual(['a', 'b'])
})

it('drops lines that are too long and goes on after them', () => {
  const chunks = ['short\n', 'x'.repeat(50), 'x'.repeat(50), '\nnext\n', 'y'.repeat(11)].map((text) => Buffer.from(text))
  expect(split(chunks, 10)).toEqual({ lines: ['short', 'next'], oversizeLines: 2 })
})
