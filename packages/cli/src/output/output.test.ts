import { expect, it } from 'vitest'
import { Output } from './output.js'

it('waits for what the other end has not taken, also where that is too little to make it full', () => {
  const stream = { write: () => true, writableNeedDrain: false, writableLength: 0 }
  const output = new Output(stream, {})
  expect([output.isFull, output.isWaiting]).toEqual([false, false])
  stream.writableLength = 10
  expect([output.isFull, output.isWaiting]).toEqual([false, true])
  output.markClosed()
  expect(output.isWaiting).toBe(false)
})
