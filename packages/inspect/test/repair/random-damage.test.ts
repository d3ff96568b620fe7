import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'
import { segmentFileName } from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { amount, SEED } from '../../../../tools/evidence/effort/effort.mjs'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { isQueueListing, listQueue, openColdReader, type QueueProblem, repairQueue, verifyQueue } from '../../src/index.js'

const QUEUES = amount({ short: 12, long: 40, full: 3000 })
const TIMEOUT_MS = 60_000 + 1000 * QUEUES
/** What no repair can undo: the bytes are gone, and saying so is all that is left. */
const STAYS = new Set(['CLOCK_AHEAD', 'SEQUENCES_SKIPPED', 'SEGMENT_MISSING', 'SEQUENCE_GAP', 'RECORDS_LOST', 'READER_DATA_LOST'])

/** What the witness says of bytes that nothing relies on, or that are weighed against others: no tool reports them. */
const UNUSED = new Set([
  'not-zero',
  'bad-durable-slot',
  'bad-identity',
  'bad-sequence-floor',
  'bad-control',
  'epoch-ahead',
  'epoch-back',
])

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-repair-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('repairing randomly damaged queues', () => {
  it(
    `L44: loses nothing that was readable before, in ${QUEUES} queues`,
    () => {
      for (let seed = SEED; seed < SEED + QUEUES; seed += 1) {
        const random = randomNumbers(seed)
        const queue = join(root, `queue-${seed}`)
        const reached = writeQueue(queue, random)
        const damage = Array.from({ length: 1 + random(3) }, () => damageOnce(queue, random))
        // Nothing is left that could be repaired.
        if (!isQueueListing(listQueue(queue))) continue
        const context = `seed ${seed}: ${damage.join('; ')}`
        const before = readableRecords(queue)

        repairQueue(queue)

        const after = new Set(readableRecords(queue))
        expect(
          before.filter((record) => !after.has(record)),
          context,
        ).toEqual([])
        const found = problemsOf(queue).filter(({ severity }) => severity !== 'info')
        const left = found.filter(({ code }) => !STAYS.has(code) && !code.startsWith('RECORD_BAD_'))
        expect(left, context).toEqual([])
        if (found.length === 0) expect(witnessed(queue), context).toEqual([])
        const isReaderLost = damage.some((what) => what.startsWith('reader'))
        expectUsable(queue, context, isReaderLost ? undefined : reached)
        rmSync(queue, { recursive: true })
      }
    },
    TIMEOUT_MS,
  )
})

/** What the reader of a queue had read when it was damaged. */
interface Reached {
  /** The next sequence. */
  readonly sequence: number
  readonly segmentId: number
}

/** A writer goes on, above every sequence that is there or that the reader has seen, and a reader that skips damage gets its message. */
function expectUsable(queue: string, context: string, reached: Reached | undefined): void {
  const sequences = readableRecords(queue).map((record) => Number(record.split(' ')[0]))
  const writer = openWriter(queue)
  const { segmentId } = writer.position
  const sequence = writer.append(1, Buffer.from('after the repair'))
  if (reached !== undefined) {
    expect(sequence, context).toBeGreaterThanOrEqual(reached.sequence)
    expect(segmentId, context).toBeGreaterThanOrEqual(reached.segmentId)
  }
  expect(sequences, context).not.toContain(sequence)
  using observer = openObserver(queue, { start: 'earliest', onCorrupt: 'skip', onLost: 'snap' })
  const seen: number[] = []
  for (let message = observer.next(); message !== undefined; message = observer.next()) seen.push(message.sequence)
  expect(seen.at(-1), context).toBe(sequence)
  writer.close()
}

function writeQueue(queue: string, random: (limit: number) => number): Reached {
  const writer = openWriter(queue, { segmentSize: 4096 })
  const count = 1 + random(120)
  for (let index = 0; index < count; index += 1) writer.append(index % 5, Buffer.alloc(random(400), index))
  const reader = openReader(queue, 'audit', { start: 'earliest' })
  for (let index = random(count); index > 0; index -= 1) reader.next()
  reader.commit()
  const reached = { sequence: reader.nextSequence, segmentId: reader.position.segmentId }
  reader.close()
  if (random(2) === 0) writer.flushSync()
  writer.close()
  return reached
}

function damageOnce(queue: string, random: (limit: number) => number): string {
  const files = readdirSync(queue)
    .filter((name) => name.endsWith('.q') || name === 'control.meta')
    .sort()
  const name = files[random(files.length)]
  if (name === undefined) return 'nothing is left'
  const path = join(queue, name)
  switch (random(8)) {
    case 0:
      rmSync(path)
      return `${name} removed`
    case 1:
      return withFile(path, (fd, length) => {
        const to = random(length)
        ftruncateSync(fd, to)
        return `${name} cut to ${to}`
      })
    case 2:
      writeFileSync(join(queue, 'readers/audit.meta'), Buffer.alloc(80, random(256)))
      return 'reader file overwritten'
    case 3:
      writeFileSync(join(queue, segmentFileName(60 + random(3))), Buffer.alloc(random(5000), 1))
      return 'a foreign segment far ahead'
    case 4:
      return withFile(path, (fd, length) =>
        overwrite(fd, random(length), Buffer.alloc(1 + random(2000)), length, `${name} zeroed`),
      )
    default:
      return withFile(path, (fd, length) => {
        const noise = Buffer.from(Array.from({ length: 1 + random(40) }, () => random(256)))
        return overwrite(fd, random(length), noise, length, `${name} noise`)
      })
  }
}

function overwrite(fd: number, at: number, bytes: Buffer, length: number, what: string): string {
  const count = Math.min(bytes.length, length - at)
  writeSync(fd, bytes, 0, count, at)
  return `${what} at ${at} for ${count}`
}

function withFile(path: string, work: (fd: number, length: number) => string): string {
  if (!existsSync(path)) return 'nothing'
  const fd = openSync(path, 'r+')
  try {
    const length = fstatSync(fd).size
    return length === 0 ? 'nothing' : work(fd, length)
  } finally {
    closeSync(fd)
  }
}

function readableRecords(queue: string): string[] {
  const records: string[] = []
  using reader = openColdReader(queue)
  for (const item of reader) {
    if (item.kind === 'record') records.push(`${item.sequence} ${item.payload.length} ${crc32(item.payload)}`)
  }
  return records
}

function problemsOf(queue: string): readonly QueueProblem[] {
  using verification = verifyQueue(queue)
  while (verification.step());
  return [...verification.problems]
}

function witnessed(queue: string): string[] {
  const { problems } = readQueue(queue, { payloads: false })
  return problems.filter(({ code }) => !UNUSED.has(code)).map(({ code, file, detail }) => `${code} ${file} ${detail}`)
}

/** Small reproducible numbers: `random(limit)` is one of 0 to limit - 1. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = (seed * 2_654_435_761) >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * limit)
  }
}
