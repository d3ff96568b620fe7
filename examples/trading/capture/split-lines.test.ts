import fc from 'fast-check'
import { expect, it } from 'vitest'
import { splitLines } from './split-lines.js'

/** All lines of the chunks, copied; those that are too long as `undefined`. */
async function split(chunks: readonly Buffer[], maxLength = 1000): Promise<(string | undefined)[]> {
  const lines: (string | undefined)[] = []
  for await (const line of splitLines(chunks, maxLength)) lines.push(line?.toString())
  return lines
}

it('gives the same lines however the bytes are cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.stringMatching(/^[a-z]{0,12}$/)), fc.integer({ min: 1, max: 9 }), async (lines, chunkLength) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      const chunks: Buffer[] = []
      for (let start = 0; start < bytes.length; start += chunkLength) chunks.push(bytes.subarray(start, start + chunkLength))
      expect(await split(chunks)).toEqual(lines)
    }),
  )
})

it('gives the last line also without a line feed', async () => {
  expect(await split([Buffer.from('a\nb')])).toEqual(['a', 'b'])
})

it('drops lines that are too long and goes on after them', async () => {
  const chunks = ['short\n', 'x'.repeat(50), 'x'.repeat(50), '\nnext\n', 'y'.repeat(11)].map((text) => Buffer.from(text))
  expect(await split(chunks, 10)).toEqual(['short', undefined, 'next', undefined])
})
