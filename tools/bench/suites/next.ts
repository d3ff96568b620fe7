import { openReader, openWriter, type QueueReader } from '@chronicle-ts/core'
import type { Candidate, Suite } from '../candidate.js'

const MESSAGE_COUNT = 500_000
const BATCH_LENGTH = 100

/** Messages read from a queue that is there already: from the page cache, every checksum verified. */
export function nextSuite(payloadLength: number): Suite {
  return {
    name: 'next',
    operation: `one message of ${payloadLength} B read`,
    candidates: [
      (directory) => readingCandidate('next, sequence', directory, payloadLength, (next) => next.sequence),
      (directory) =>
        readingCandidate('next, sequence, timestamp', directory, payloadLength, (next) => {
          if (next.timestampNs === 0n) throw new Error('a message without a timestamp')
          return next.sequence
        }),
      (directory) =>
        readingCandidate('next, sequence, payload view', directory, payloadLength, (next) => {
          if (next.payloadView.length !== payloadLength) throw new Error('a payload of another length')
          return next.sequence
        }),
      (directory) =>
        readingCandidate('next, sequence, payload', directory, payloadLength, (next) => {
          if (next.payload.length !== payloadLength) throw new Error('a payload of another length')
          return next.sequence
        }),
      (directory) =>
        readingCandidate('next, copy', directory, payloadLength, (next) => {
          if (next.copy().payload.length !== payloadLength) throw new Error('a payload of another length')
          return next.sequence
        }),
      (directory) => pollingCandidate(directory, payloadLength),
    ],
  }
}

type Visit = (message: NonNullable<ReturnType<QueueReader['next']>>) => number

function readingCandidate(name: string, directory: string, payloadLength: number, visit: Visit): Candidate {
  const reader = openFilledQueue(directory, payloadLength)
  let expected = 0
  return {
    name,
    run: () => {
      let message = reader.next()
      if (message === undefined) {
        if (expected !== MESSAGE_COUNT) throw new Error(`the end after ${expected} messages instead of ${MESSAGE_COUNT}`)
        reader.seek('earliest')
        expected = 0
        message = reader.next()
      }
      if (message === undefined || visit(message) !== expected++) throw new Error(`a gap before sequence ${expected}`)
    },
    verify: (calls) => expectSequence(expected, calls),
    close: () => reader.close(),
  }
}

function pollingCandidate(directory: string, payloadLength: number): Candidate {
  const reader = openFilledQueue(directory, payloadLength)
  let expected = 0
  const handle: (message: NonNullable<ReturnType<QueueReader['next']>>) => void = (message) => {
    if (message.sequence !== expected++) throw new Error(`a gap before sequence ${expected}`)
  }
  return {
    name: `poll(${BATCH_LENGTH}), sequence`,
    operationsPerCall: BATCH_LENGTH,
    run: () => {
      if (expected === MESSAGE_COUNT) {
        reader.seek('earliest')
        expected = 0
      }
      if (reader.poll(BATCH_LENGTH, handle) !== BATCH_LENGTH) throw new Error(`the end after ${expected} messages`)
    },
    verify: (calls) => expectSequence(expected, calls * BATCH_LENGTH),
    close: () => reader.close(),
  }
}

function openFilledQueue(directory: string, payloadLength: number): QueueReader {
  const writer = openWriter(directory)
  const batch = Array.from({ length: BATCH_LENGTH }, () => ({ typeId: 1, payload: Buffer.alloc(payloadLength, 7) }))
  for (let count = 0; count < MESSAGE_COUNT; count += BATCH_LENGTH) writer.appendBatch(batch)
  writer.close()
  return openReader(directory, 'bench', { start: 'earliest' })
}

/** The queue is read round and round: the next sequence shows how many messages were read, modulo its length. */
function expectSequence(expected: number, read: number): void {
  if (expected % MESSAGE_COUNT !== read % MESSAGE_COUNT) {
    throw new Error(`stands at sequence ${expected} after ${read} messages`)
  }
}
