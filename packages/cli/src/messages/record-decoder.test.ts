import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ColdRecord } from '@chronicle-ts/inspect'
import { enumOf, f64, message, saveSchema, u16, utf8 } from '@chronicle-ts/schema'
import { WhereExpression } from '@chronicle-ts/typed'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RecordDecoder } from './record-decoder.js'
import { whereFilter } from './where-option.js'

const Quote = message('Quote', 1, { bid: f64(), side: enumOf({ buy: 0, sell: 1 }), note: utf8() })
const Later = Quote.since(2, { venue: u16() })

let queue = ''
beforeEach(() => {
  queue = mkdtempSync(join(tmpdir(), 'record-decoder-'))
})
afterEach(() => rmSync(queue, { recursive: true, force: true }))

function recordOf(payload: Uint8Array, schemaVersion = 1): ColdRecord {
  return { kind: 'record', typeId: 1, schemaVersion, payload: Buffer.from(payload), sequence: 0, timestampNs: 0n } as never
}

const good = Quote.encode({ bid: 2, side: 'buy', note: 'all well' })

/** A message whose block is whole, and whose last field leaves the payload. */
function withBadNote(): Uint8Array {
  const bytes = Uint8Array.from(good)
  new DataView(bytes.buffer).setUint32(16, 0xffff, true)
  return bytes
}

describe('a message that is bad by one of its fields', () => {
  it('is decoded as bad, and the messages after it are decoded', () => {
    saveSchema(queue, Quote)
    const decoder = new RecordDecoder(queue, () => undefined)
    expect(decoder.decode(recordOf(withBadNote()))).toMatchObject({ kind: 'bad', detail: expect.stringContaining('field=note') })
    expect(decoder.badCount).toBe(1)
    expect(decoder.decode(recordOf(good))).toMatchObject({ kind: 'decoded', fields: { bid: 2, side: 'buy', note: 'all well' } })
  })

  it('is chosen by its good fields, and counted and skipped where a bad one is asked for', () => {
    saveSchema(queue, Quote)
    const leftOut: unknown[] = []
    const decoder = new RecordDecoder(
      queue,
      () => undefined,
      (first) => leftOut.push(first),
    )
    const matches = (text: string) => whereFilter(new WhereExpression(text), decoder)(recordOf(withBadNote()))
    expect(matches('bid == 2')).toBe(true)
    expect(leftOut).toEqual([])
    expect([matches('note == "x"'), matches('note != "x"')]).toEqual([false, false])
    expect(decoder.badCount).toBe(2)
    // The first of its type is reported: nothing else that is printed says why the exit code is 3.
    expect(leftOut).toEqual([{ type: 'Quote', sequence: 0, detail: expect.stringContaining('field=note') }])
  })
})

it('reads a version that is registered while it decodes', () => {
  saveSchema(queue, Quote)
  const decoder = new RecordDecoder(queue, () => undefined)
  expect(decoder.decode(recordOf(good))).toMatchObject({ fields: { bid: 2 } })
  saveSchema(queue, Later)
  const later = Later.encode({ bid: 3, side: 'sell', note: '', venue: 9 })
  expect(decoder.decode(recordOf(later, 2))).toMatchObject({ fields: { bid: 3, venue: 9 } })
  // A version that is not registered shows what is known.
  expect(decoder.decode(recordOf(later, 200))).toMatchObject({ fields: { bid: 3, venue: 9 } })
})
