import { join } from 'node:path'
import { openObserver } from '@chronicle-ts/core'
import { expect, it } from 'vitest'
import { appendSome, openSource, temporaryDirectory } from '../../test/support/queues.js'
import { ReplicaSource } from './replica-source.js'

it('finds the end of a queue to which the writer appends at that moment', () => {
  const directory = join(temporaryDirectory(), 'source')
  using writer = openSource(directory)
  appendSome(writer, 10)
  using reader = openObserver(directory)
  const source = new ReplicaSource(reader)
  const peek = reader.peek.bind(reader)
  let appends = 0
  reader.peek = () => {
    const found = peek()
    // Just after the reader saw that nothing is there.
    if (found === undefined && appends++ === 0) appendSome(writer, 1)
    return found
  }
  source.seek(10)
  expect([appends, source.next()]).toMatchObject([1, { first: 10, count: 1 }])
  expect(() => source.seek(12)).toThrow(expect.objectContaining({ code: 'ERR_DATA_LOST', from: 12, to: 11 }))
})
