import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import {
  APPENDER_CLAIM_OFFSET,
  APPENDER_NEXT_SEQUENCE,
  binding,
  type NativeAppender,
  POSITION_OFFSET,
  POSITION_SEGMENT_ID,
  STATUS_LIMIT,
  STATUS_OK,
  STATUS_ROLL,
  type Status,
  VERIFIER_END,
  VERIFIER_SEQUENCE,
} from '@chronicle-ts/native'
import type { Candidate, Suite } from '../candidate.js'

const CONTROL_LENGTH = 512
const POSITION_FILE_LENGTH = 80
const SEGMENT_LENGTH = 64 * 1024 * 1024
const FIRST_OFFSET = 64
const BATCH_LENGTH = 100
const CLAIM_LENGTH = 16
const TIMESTAMP_NS = 1_700_000_000_000_000_000n

/** The addon's hot functions without the queue around them: what core adds is the difference to the suites of the same names. */
export function nativeCallsSuite(payloadLength: number): Suite {
  const payload = Buffer.alloc(payloadLength, 7)
  const batch = Array.from({ length: BATCH_LENGTH }, () => payload)
  const typeIds = new Uint16Array(BATCH_LENGTH).fill(1)
  return {
    name: 'native',
    operation: `one call or message of ${payloadLength} B`,
    candidates: [
      emptyCallCandidate,
      (directory) => appendingCandidate('append', { directory, make: (appender) => () => appender.append(1, payload) }),
      (directory) =>
        appendingCandidate('append, base format', {
          directory,
          extensions: false,
          make: (appender) => () => appender.append(1, payload),
        }),
      (directory) =>
        appendingCandidate('appendAt', { directory, make: (appender) => () => appender.appendAt(1, payload, TIMESTAMP_NS) }),
      (directory) =>
        appendingCandidate(`appendBatch(${BATCH_LENGTH})`, {
          directory,
          operationsPerCall: BATCH_LENGTH,
          make: (appender) => () => appender.appendBatch(typeIds, batch, 0),
        }),
      (directory) => appendingCandidate('claim, two f64, publishNow', { directory, make: claimAndPublish }),
      (directory) => verifyingCandidate(directory, payload),
      savingCandidate,
    ],
  }
}

function emptyCallCandidate(): Candidate {
  const expected = binding.hasFutexWaitv()
  let last = !expected
  return {
    name: 'empty call',
    run: () => {
      last = binding.hasFutexWaitv()
    },
    verify: () => {
      if (last !== expected) throw new Error(`${last} instead of ${expected}`)
    },
    close: () => undefined,
  }
}

interface AppendingOptions {
  readonly directory: string
  readonly operationsPerCall?: number
  readonly extensions?: boolean
  /** Makes the call that is measured; it returns the addon's status. */
  readonly make: (appender: NativeAppender, segment: ArrayBuffer) => () => Status
}

/** Fills one segment; at its end the same segment is filled again from the start, which costs two more calls in half a million. */
function appendingCandidate(name: string, options: AppendingOptions): Candidate {
  const { directory, operationsPerCall = 1, extensions = true, make } = options
  const segment = mapFile(join(directory, 'segment'), SEGMENT_LENGTH)
  const control = mapFile(join(directory, 'control'), CONTROL_LENGTH)
  const appender = binding.createAppender({ control, writerEpoch: 1, extensions })
  appender.attach(segment, 0, FIRST_OFFSET, 0)
  const append = make(appender, segment)
  return {
    name,
    operationsPerCall,
    run: () => {
      let status = append()
      if (status === STATUS_ROLL) {
        // The beginning of a batch may have been appended: the whole batch is appended again.
        const sequence = Math.floor(nextSequenceOf(appender) / operationsPerCall) * operationsPerCall
        appender.attach(segment, 0, FIRST_OFFSET, sequence)
        status = append()
      }
      if (status !== STATUS_OK) throw new Error(`status ${status} instead of ${STATUS_OK}`)
    },
    verify: (calls) => {
      const count = nextSequenceOf(appender)
      if (count !== calls * operationsPerCall) throw new Error(`${count} records instead of ${calls * operationsPerCall}`)
    },
    close: () => unmapAll(segment, control),
  }
}

function nextSequenceOf({ state }: NativeAppender): number {
  return state[APPENDER_NEXT_SEQUENCE] ?? Number.NaN
}

function claimAndPublish(appender: NativeAppender, segment: ArrayBuffer): () => Status {
  const numbers = new Float64Array(segment)
  return () => {
    const status = appender.claim(1, CLAIM_LENGTH)
    if (status !== STATUS_OK) return status
    const at = (appender.state[APPENDER_CLAIM_OFFSET] ?? 0) >> 3
    numbers[at] = 1.5
    numbers[at + 1] = 2.5
    return appender.publishNow()
  }
}

/** Verifies a full segment round and round, a batch of records per call. */
function verifyingCandidate(directory: string, payload: Buffer): Candidate {
  const segment = mapFile(join(directory, 'segment'), SEGMENT_LENGTH)
  const control = mapFile(join(directory, 'control'), CONTROL_LENGTH)
  const appender = binding.createAppender({ control, writerEpoch: 1, extensions: true })
  appender.attach(segment, 0, FIRST_OFFSET, 0)
  while (appender.append(1, payload) === STATUS_OK);
  const batches = Math.floor(nextSequenceOf(appender) / BATCH_LENGTH)
  const verifier = binding.createVerifier()
  verifier.attach(segment)
  let offset = FIRST_OFFSET
  let done = batches
  return {
    name: `verify(${BATCH_LENGTH})`,
    operationsPerCall: BATCH_LENGTH,
    run: () => {
      if (done === batches) {
        offset = FIRST_OFFSET
        verifier.state[VERIFIER_SEQUENCE] = -1
        done = 0
      }
      const status = verifier.verify(offset, BATCH_LENGTH, Number.POSITIVE_INFINITY)
      if (status !== STATUS_LIMIT) throw new Error(`status ${status} instead of ${STATUS_LIMIT}`)
      offset = verifier.state[VERIFIER_END] ?? Number.NaN
      done++
    },
    verify: (calls) => {
      if (done % batches !== calls % batches) throw new Error(`batch ${done} after ${calls} calls`)
    },
    close: () => unmapAll(segment, control),
  }
}

function savingCandidate(directory: string): Candidate {
  const file = mapFile(join(directory, 'position'), POSITION_FILE_LENGTH)
  const control = mapFile(join(directory, 'positions-control'), CONTROL_LENGTH)
  const saver = binding.createPositionSaver(file, control)
  return {
    name: 'save a position',
    run: () => {
      saver.state[POSITION_SEGMENT_ID] = 1
      saver.state[POSITION_OFFSET] = FIRST_OFFSET
      saver.save()
    },
    verify: () => {
      if (!new Uint8Array(file).some((byte) => byte !== 0)) throw new Error('no position was saved')
    },
    close: () => unmapAll(file, control),
  }
}

/** A file mapped for reading and writing, its pages populated. */
function mapFile(path: string, length: number): ArrayBuffer {
  const fd = openSync(path, 'w+')
  try {
    ftruncateSync(fd, length)
    const mapping = binding.mapFile(fd, length, true)
    binding.populate(mapping, 0, length)
    return mapping
  } finally {
    closeSync(fd)
  }
}

function unmapAll(...mappings: readonly ArrayBuffer[]): void {
  for (const mapping of mappings) binding.unmap(mapping)
}
