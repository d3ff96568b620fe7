import type { Suite } from '../candidate.js'
import { queueCandidate } from '../queue-candidate.js'

const BATCH_LENGTH = 100

/** Messages appended a hundred at a time, as objects and packed in one buffer, beside the same number of single appends. */
export function appendBatchSuite(payloadLength: number): Suite {
  const messages = Array.from({ length: BATCH_LENGTH }, (_, index) => ({
    typeId: 1,
    payload: Buffer.alloc(payloadLength, index),
  }))
  const bytes = Buffer.concat(messages.map(({ payload }) => payload))
  const offsets = Uint32Array.from({ length: BATCH_LENGTH + 1 }, (_, index) => index * payloadLength)
  const common = { payloadLength, operationsPerCall: BATCH_LENGTH }
  return {
    name: 'appendBatch',
    operation: `one message of ${payloadLength} B out of ${BATCH_LENGTH}`,
    candidates: [
      (directory, seconds) =>
        queueCandidate({
          ...common,
          name: `appendBatch(${BATCH_LENGTH})`,
          directory,
          seconds,
          run: (writer) => writer.appendBatch(messages),
        }),
      (directory, seconds) =>
        queueCandidate({
          ...common,
          name: `appendPacked(${BATCH_LENGTH})`,
          directory,
          seconds,
          run: (writer) => writer.appendPacked(1, bytes, offsets),
        }),
      (directory, seconds) =>
        queueCandidate({
          ...common,
          name: `append, ${BATCH_LENGTH} times`,
          directory,
          seconds,
          run: (writer) => {
            for (const { typeId, payload } of messages) writer.append(typeId, payload)
          },
        }),
    ],
  }
}
