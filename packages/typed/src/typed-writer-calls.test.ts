import { openObserver, openReader } from '@chronicle-ts/core'
import { bytes, jsonMessage, message, u32 } from '@chronicle-ts/schema'
import { describe, expect, it } from 'vitest'
import { SMALL, useQueueFolder } from '../test/support/queue-folder.js'
import { openTypedObserver, openTypedReader, openTypedWriter, type TypedWriter } from './index.js'

const folder = useQueueFolder()

const Order = message('Order', 1, { number: u32(), check: u32() })
const Blob = message('Blob', 2, { data: bytes(), number: u32() })
const Note = jsonMessage('Note', 3, { check: (value) => value as { number: number } })
const types = [Order, Blob, Note] as const

/** Longer than the writer's scratch memory. */
const LONG = 6000

/** What is written in the middle of other writes. */
const INNER = [900_001, 900_002] as const

function numbersOf(directory: string): string[] {
  using observer = openTypedObserver(directory, types, { start: 'earliest' })
  const found: string[] = []
  for (let one = observer.next(); one !== undefined; one = observer.next()) {
    const wasTorn = one.type === 'Order' && one.body.check !== one.body.number + 1
    found.push(`${one.type} ${one.body.number}${wasTorn ? ' torn' : ''}`)
  }
  return found
}

const ways: Readonly<Record<string, (writer: TypedWriter<typeof types>, number: number, options?: object) => unknown>> = {
  'write, short': (writer, number, options) =>
    writer.write(Order, (order) => Object.assign(order, { number, check: number + 1 }) && undefined, options),
  'write, long': (writer, number, options) =>
    writer.write(
      Blob,
      { data: LONG },
      (blob) => {
        blob.number = number
      },
      options,
    ),
  'append, short': (writer, number, options) => writer.append(Order, { number, check: number + 1 }, options),
  'append, long': (writer, number, options) => writer.append(Blob, { data: new Uint8Array(LONG), number }, options),
  'append, as a whole': (writer, number, options) => writer.append(Note, { number }, options),
  tryAppend: (writer, number, options) => writer.tryAppend(Order, { number, check: number + 1 }, options),
}
const pairs = Object.entries(ways).flatMap(([outer, first]) =>
  Object.entries(ways).map(([inner, second]) => ({ outer, inner, first, second })),
)

describe('a message stays as it was written', () => {
  it.each(pairs)('when a callback of the writer writes in the middle of its append: $outer, $inner', ({ first, second }) => {
    let isTold = false
    const directory = folder.queue()
    using writer = openTypedWriter(directory, types, {
      segmentSize: 32 * 1024,
      maxSegments: 3,
      onHighWatermark: () => {
        isTold = true
        second(writer, INNER[0])
        second(writer, INNER[1])
      },
    })
    using _reader = openReader(directory, 'slow')
    let number = 0
    while (!isTold) first(writer, number++)
    const found = numbersOf(directory).map((text) => text.replace(/^\w+ /, ''))
    const isInner = (text: string) => Number.parseInt(text, 10) >= INNER[0]
    expect(found.filter((text) => !isInner(text))).toEqual(Array.from({ length: number }, (_, index) => String(index)))
    expect(found.filter(isInner)).toEqual(INNER.map(String))
  })

  it.each(pairs)('when its options write as they are read: $outer, $inner', ({ first, second }) => {
    for (const extensions of [true, false]) {
      const directory = folder.queue(`extensions-${extensions}`)
      using writer = openTypedWriter(directory, types, { ...SMALL, extensions })
      const options = {
        get timestampNs() {
          second(writer, INNER[0])
          second(writer, INNER[1])
          return 5n
        },
      }
      first(writer, 7, options)
      const found = numbersOf(directory).map((text) => text.replace(/^\w+ /, ''))
      expect(found.at(-1)).toBe('7')
      expect(new Set(found.slice(0, -1))).toEqual(new Set(INNER.map(String)))
    }
  })
})

describe('a draft that a program keeps', () => {
  it.each(['published', 'aborted'])('cannot change what follows when its message was %s', (end) => {
    const directory = folder.queue()
    using writer = openTypedWriter(directory, types, SMALL)
    const kept: { number: number; data: unknown }[] = []
    const write = () =>
      writer.write(Blob, { data: LONG }, (blob) => {
        kept.push(blob)
        blob.number = 7
        if (end === 'aborted') throw new Error('of the program')
      })
    if (end === 'aborted') expect(write).toThrow('of the program')
    else write()
    const [draft] = kept
    if (draft === undefined) throw new Error('it was kept')
    ways['write, short']?.(writer, 1)
    expect(() => Object.assign(draft, { number: 666 })).toThrow(RangeError)
    expect(() => draft.data).toThrow(RangeError)
    expect(numbersOf(directory)).toEqual(end === 'aborted' ? ['Order 1'] : ['Blob 7', 'Order 1'])
    using observer = openObserver(directory)
    expect(observer.poll(Number.POSITIVE_INFINITY, () => undefined)).toBe(end === 'aborted' ? 1 : 2)
  })

  it('cannot take the memory of the messages after it', () => {
    const directory = folder.queue()
    using writer = openTypedWriter(directory, types, SMALL)
    for (const number of [1, 2]) {
      try {
        writer.write(Blob, { data: 8 }, (blob) => {
          const { buffer } = blob.data
          blob.number = number
          structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
        })
      } catch (error) {
        // Later versions of Node.js refuse it, and earlier ones copy.
        expect((error as Error).name).toBe('DataCloneError')
      }
    }
    ways['append, short']?.(writer, 3)
    ways['write, short']?.(writer, 4)
    expect(numbersOf(directory).slice(-2)).toEqual(['Order 3', 'Order 4'])
  })
})

it('what a predicate throws that has closed its reader comes out as it is', () => {
  const directory = folder.queue()
  using writer = openTypedWriter(directory, types, SMALL)
  ways['append, short']?.(writer, 1)
  const error = new Error('of the predicate')
  const reader = openTypedReader(directory, 'r', [Order], {
    where: () => {
      reader.close()
      throw error
    },
  })
  expect(() => reader.next()).toThrow(error)
})
