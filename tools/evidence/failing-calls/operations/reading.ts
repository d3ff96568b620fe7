import { setImmediate as turn } from 'node:timers/promises'
import { openObserver, removeReader } from '@chronicle-ts/core'
import type { QueueCase } from '../queue-case.js'
import type { Operation } from './operation.js'

function written(queue: QueueCase): void {
  queue.openWriter()
  queue.append(20)
}

function withReader(queue: QueueCase): void {
  written(queue)
  queue.openReader('first')
}

/** A reader that could not be opened leaves no name, which would pin segments. */
function leavesNoName(queue: QueueCase, name: string): void {
  const names = queue.attempt('listReaders', () => queue.namesOfReaders()) ?? []
  if (names.includes(name) && !queue.ledger.positions.has(name))
    queue.ledger.find(`openReader failed and left the registration of ${name}`)
}

function remove(queue: QueueCase): void {
  queue.attempt('removeReader', () => {
    removeReader(queue.directory, 'first')
    queue.ledger.positions.delete('first')
  })
}

export const READING: readonly Operation[] = [
  {
    name: 'open a new reader',
    prepare: written,
    run: (queue) => void queue.openReader('first'),
    look: (queue) => leavesNoName(queue, 'first'),
    retry(queue) {
      if (!queue.readers.has('first')) queue.openReader('first')
      queue.readAndCommit('first', 3)
    },
  },
  {
    name: 'open a known reader',
    prepare(queue) {
      withReader(queue)
      queue.readAndCommit('first', 7)
      queue.closeReader('first')
    },
    run: (queue) => void queue.openReader('first'),
    retry(queue) {
      if (!queue.readers.has('first')) queue.openReader('first')
      queue.readAndCommit('first', 3)
    },
  },
  {
    name: 'read across segments',
    prepare: withReader,
    run(queue) {
      for (let count = 0; count < 20; count++) queue.read('first')
    },
    retry: (queue) => void queue.readAndCommit('first', 30),
  },
  {
    name: 'commit',
    prepare: withReader,
    run(queue) {
      for (let count = 0; count < 4; count++) queue.readAndCommit('first', 4)
    },
  },
  {
    name: 'commit, durable',
    prepare: withReader,
    run(queue) {
      for (let count = 0; count < 4; count++) queue.readAndCommit('first', 4, { durable: true })
    },
  },
  {
    name: 'close a reader',
    prepare(queue) {
      withReader(queue)
      queue.readAndCommit('first', 7)
    },
    run: (queue) => queue.closeReader('first'),
    retry(queue) {
      queue.openReader('first')
      queue.readAndCommit('first', 3)
    },
  },
  {
    name: 'wait for a message',
    prepare: withReader,
    async run(queue) {
      const reader = queue.readers.get('first')
      while (queue.read('first') !== undefined);
      const waited = queue.attemptAsync('waitAsync', async () => reader?.waitAsync({ timeoutMs: 2000 }))
      await turn()
      queue.append(1)
      await waited
    },
  },
  {
    name: 'observe',
    prepare: written,
    run(queue) {
      queue.attempt('openObserver', () => {
        using observer = openObserver(queue.directory, { start: 'earliest' })
        let count = 0
        while (observer.next() !== undefined) count++
        if (count !== queue.ledger.next)
          queue.ledger.find(`an observer got ${count} messages of ${queue.ledger.next} without an error`)
      })
    },
  },
  {
    name: 'seek by time',
    prepare: withReader,
    run(queue) {
      queue.attempt('openObserver at a time', () => {
        using observer = openObserver(queue.directory, { start: { timestampNs: 1n } })
        if (observer.next()?.sequence !== 0)
          queue.ledger.find('a search from the beginning of time does not find the first message')
      })
    },
  },
  {
    name: 'removeReader',
    prepare(queue) {
      withReader(queue)
      queue.closeReader('first')
    },
    run(queue) {
      remove(queue)
    },
    retry(queue) {
      if (!queue.ledger.positions.has('first')) queue.openReader('first')
      else remove(queue)
    },
  },
]
