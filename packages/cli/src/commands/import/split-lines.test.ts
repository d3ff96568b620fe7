import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { LineTooLongError, splitLines } from './split-lines.js'

async function linesOf(chunks: readonly string[], lengthMax?: number): Promise<string[]> {
  const lines: string[] = []
  for await (const line of splitLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), lengthMax))
    lines.push(line.toString())
  return lines
}

it('splits at line feeds wherever the chunks end, and keeps everything else', async () => {
  expect(await linesOf(['a\nb', 'c\r', '\n\n', 'd\u2028e'])).toEqual(['a', 'bc\r', '', 'd\u2028e'])
  expect(await linesOf(['a\n'])).toEqual(['a'])
  expect(await linesOf([])).toEqual([])
})

it('gives up a line that does not end, with its number, and never holds more than that', async () => {
  let taken = 0
  function* endless() {
    yield Buffer.from('first\n')
    for (;;) {
      taken += 1
      yield Buffer.alloc(1000, 'x')
    }
  }
  const lines: string[] = []
  const read = async () => {
    for await (const line of splitLines(Readable.from(endless(), { highWaterMark: 1 }), 10_000)) lines.push(line.toString())
  }
  await expect(read()).rejects.toThrow(LineTooLongError)
  await expect(read()).rejects.toMatchObject({ line: 2, message: 'longer than 10000 bytes' })
  expect(lines).toEqual(['first', 'first'])
  expect(taken).toBeLessThan(40)
})

it('lets a line pass that has just that length', async () => {
  expect(await linesOf(['1234', '5678\n', 'x'], 8)).toEqual(['12345678', 'x'])
})
