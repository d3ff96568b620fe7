import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader } from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { appendSome, openSource, temporaryDirectory, told } from '../../test/support/queues.js'
import { readFrames } from '../pipe/frame-stream.js'
import { cutQueue } from './cut-queue.js'

const OWNER = { queueId: '0'.repeat(31).concat('1'), term: 3 }

function newQueue(messages: number): string {
  const directory = join(temporaryDirectory(), 'queue')
  using writer = openSource(directory)
  appendSome(writer, messages)
  return directory
}

/** The next record gets the sequence at which the queue was cut off. */
function expectEnd(directory: string, sequence: number): void {
  expect(told(directory)).toHaveLength(sequence)
  using writer = openSource(directory)
  expect(writer.nextSequence).toBe(sequence)
}

describe('a queue that is cut off', () => {
  it('keeps what was cut off as frames', async () => {
    const directory = newQueue(100)
    const before = told(directory)
    const { records, file = '' } = cutQueue(directory, 37, OWNER)
    expect(records).toBe(63)
    async function* bytes(): AsyncGenerator<Buffer> {
      yield readFileSync(file)
    }
    const kept: number[] = []
    for await (const item of readFrames(bytes())) if ('first' in item) kept.push(item.first, item.count, item.term)
    expect([kept[0], kept.filter((_, index) => index % 3 === 1).reduce((sum, count) => sum + count, 0)]).toEqual([37, 63])
    expectEnd(directory, 37)
    expect(told(directory)).toEqual(before.slice(0, 37))
  })

  it('may be a copy that no writer has opened', () => {
    const original = newQueue(100)
    const directory = `${original}-copy`
    cpSync(original, directory, { recursive: true })
    expect(cutQueue(directory, 37, OWNER)).toMatchObject({ records: 63 })
    expectEnd(directory, 37)
  })

  it('leads readers to its end, and is cut off in vain there', () => {
    const directory = newQueue(100)
    {
      using reader = openReader(directory, 'ahead')
      while (reader.next() !== undefined);
      reader.commit()
    }
    cutQueue(directory, 90, OWNER)
    expect(cutQueue(directory, 90, OWNER)).toEqual({ records: 0, file: undefined })
    {
      using writer = openSource(directory)
      appendSome(writer, 2)
    }
    using reader = openReader(directory, 'ahead')
    expect(reader.next()?.sequence).toBe(90)
  })

  it('loses nothing when a call of the system fails', () => {
    const directory = newQueue(100)
    writeFileSync(join(directory, 'quarantine'), 'a file has its name')
    expect(() => cutQueue(directory, 37, OWNER)).toThrow(expect.objectContaining({ code: 'ERR_IO', errnoName: 'EEXIST' }))
    expectEnd(directory, 100)
  })
})
