import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { openReader, openWriter, type QueueReader, type QueueWriter } from '../../src/index.js'
import { temporaryDirectory } from '../support/temporary.js'

const RUNS = amount({ short: 15, long: 40 })

/** What a queue must be equal to: a list, and how far the reader is. */
interface Model {
  payloads: string[]
  read: number
  committed: number
}

interface Real {
  readonly directory: string
  writer: QueueWriter
  reader: QueueReader
}

type Step = (model: Model, real: Real) => void

const payloads = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes))

function appendOne(model: Model, real: Real, payload: Buffer): void {
  expect(real.writer.append(1, payload)).toBe(model.payloads.length)
  model.payloads.push(payload.toString('hex'))
}

function readSome(model: Model, real: Real, limit: number): void {
  const expected = model.payloads.slice(model.read, model.read + limit)
  const found: string[] = []
  real.reader.poll(limit, (message) => {
    expect(message.sequence).toBe(model.read + found.length)
    found.push(message.payload.toString('hex'))
  })
  expect(found).toEqual(expected)
  model.read += found.length
}

function reopenWriter(_: Model, real: Real): void {
  real.writer.close()
  real.writer = openWriter(real.directory)
}

function reopenReader(model: Model, real: Real): void {
  real.reader.close()
  real.reader = openReader(real.directory, 'r')
  model.read = model.committed
}

function appendBatch(model: Model, real: Real, batch: readonly Buffer[]): void {
  real.writer.appendBatch(batch.map((payload) => ({ typeId: 2, payload })))
  for (const payload of batch) model.payloads.push(payload.toString('hex'))
}

function fillClaim(model: Model, real: Real, payload: Buffer, commits: boolean): void {
  const claim = real.writer.claim(3, payload.length)
  claim.payload.set(payload)
  if (!commits) claim.abort()
  else {
    claim.commit()
    model.payloads.push(payload.toString('hex'))
  }
}

function seek(model: Model, real: Real, sequence: number): void {
  real.reader.seek({ sequence })
  model.read = Math.min(sequence, model.payloads.length)
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  payloads.map(
    (payload): Step =>
      (model, real) =>
        appendOne(model, real, payload),
  ),
  fc.array(payloads, { maxLength: 12 }).map(
    (batch): Step =>
      (model, real) =>
        appendBatch(model, real, batch),
  ),
  fc.tuple(payloads, fc.boolean()).map(
    ([payload, commits]): Step =>
      (model, real) =>
        fillClaim(model, real, payload, commits),
  ),
  fc.nat(30).map(
    (limit): Step =>
      (model, real) =>
        readSome(model, real, limit),
  ),
  fc.nat(60).map(
    (sequence): Step =>
      (model, real) =>
        seek(model, real, sequence),
  ),
  fc.constantFrom<Step>(
    (_, real) => real.writer.roll(),
    (_, real) => real.writer.flushSync(),
    (_, real) => real.writer.heartbeat(),
    reopenWriter,
    reopenReader,
    (model, real) => {
      real.reader.commit()
      model.committed = model.read
    },
    (model, real) => expect(real.reader.lag().messages).toBe(model.payloads.length - model.read),
    (model, real) => expect(real.writer.nextSequence).toBe(model.payloads.length),
  ),
)

describe('random calls', () => {
  it('a queue is what a list in memory would be, for any calls in any order', () => {
    const parent = temporaryDirectory()
    let count = 0
    fc.assert(
      fc.property(fc.array(steps, { minLength: 10, maxLength: 60 }), (plan) => {
        const directory = join(parent, `queue-${count++}`)
        const real: Real = {
          directory,
          writer: openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 }),
          reader: openReader(directory, 'r'),
        }
        const model: Model = { payloads: [], read: 0, committed: 0 }
        try {
          for (const step of plan) step(model, real)
          readSome(model, real, Number.POSITIVE_INFINITY)
        } finally {
          real.reader.close()
          real.writer.close()
        }
      }),
      { numRuns: RUNS },
    )
  })
})
