import { crc32 } from 'node:zlib'
import {
  CONTROL_FIELDS,
  CONTROL_FILE,
  CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET,
  CONTROL_INIT_STATE_OFFSET,
  CONTROL_MAGIC_OFFSET,
  durableSlotOffset,
  encodeDurableSlot,
  encodePosition,
  encodePositionSlot,
  encodeSegmentHeader,
  encodeSparseIndex,
  POSITION_SLOT_LENGTH,
  parseSegmentFileName,
  SEGMENT_FIELDS,
  SEGMENT_ID_OFFSET,
  segmentFileName,
} from '@chronicle-ts/core/internal'
import { loadValue, type MutableQueue, oneOf, storeValue, strangeValue } from './mutable-queue.js'
import { mutateRecord } from './record-mutations.js'

/** Changes one thing and says what. */
type Mutation = (queue: MutableQueue) => string

const sum = (bytes: Uint8Array): number => crc32(bytes)

function segmentNames({ files }: MutableQueue): string[] {
  return [...files.keys()].filter((name) => parseSegmentFileName(name) !== undefined)
}

const controlField: Mutation = (queue) => {
  const control = queue.files.get(CONTROL_FILE)
  if (control === undefined) return 'no control block'
  const field = oneOf(
    queue.random,
    CONTROL_FIELDS.filter(({ offset, length }) => length <= 8 && offset + length <= control.length),
  )
  const value = strangeValue(queue.random, loadValue(control, field, 0), field.length)
  storeValue(control, field, 0, value)
  queue.writerOnly ||= field.offset === CONTROL_INIT_STATE_OFFSET || field.offset === CONTROL_MAGIC_OFFSET
  // The lowest segment that readers may begin at is announced here before the others are deleted.
  queue.mayHide ||= field.offset === CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET
  return `control.${field.name} = ${value}`
}

const durableSlot: Mutation = ({ files, random }) => {
  const mark = {
    sequence: random(60),
    segmentId: random(6),
    offset: 64 * random(70),
    generation: random(2) === 0 ? random(8) : 2 ** 32 - 1 - random(3),
  }
  files.get(CONTROL_FILE)?.set(encodeDurableSlot(mark, sum), durableSlotOffset(random(2)))
  return `durable ${JSON.stringify(mark)}`
}

const position: Mutation = ({ files, random }) => {
  const saved = {
    segmentId: oneOf(random, [0, 1, 2, 3, 9, 2 ** 40]),
    offset: oneOf(random, [0, 64, 128, 100, 4096, 2 ** 33]),
    heartbeatNs: 1n,
    generation: random(9),
  }
  const file = oneOf(random, ['readers/known.meta', 'readers/other.meta'])
  const bytes = files.get(file) ?? Buffer.from(encodePosition(saved, sum))
  files.set(file, bytes)
  if (bytes.length >= 2 * POSITION_SLOT_LENGTH) bytes.set(encodePositionSlot(saved, sum), random(2) * POSITION_SLOT_LENGTH)
  return `${file} ${saved.segmentId}:${saved.offset}`
}

const segmentField: Mutation = (queue) => {
  const name = oneOf(queue.random, segmentNames(queue))
  const bytes = queue.files.get(name)
  if (bytes === undefined || bytes.length < 64) return 'no segment'
  const field = oneOf(
    queue.random,
    SEGMENT_FIELDS.filter(({ length }) => length <= 8),
  )
  const value = strangeValue(queue.random, loadValue(bytes, field, 0), field.length)
  storeValue(bytes, field, 0, value)
  return `${name} ${field.name} = ${value}`
}

const removeSegment: Mutation = (queue) => {
  const name = oneOf(queue.random, segmentNames(queue))
  queue.files.delete(name)
  return `${name} removed`
}

/** Under another number, of which its header may or may not know. Two segments may change places. */
const renameSegment: Mutation = (queue) => {
  const { files, random } = queue
  const from = oneOf(random, segmentNames(queue))
  const to = segmentFileName(oneOf(random, [0, 1, 2, 3, 4, 7, 4_000_000_000]))
  const bytes = files.get(from)
  const there = files.get(to)
  if (bytes === undefined) return 'no segment'
  const copies = random(2) === 0
  const moved = copies ? Buffer.from(bytes) : bytes
  if (!copies) files.delete(from)
  if (there !== undefined && !copies) files.set(from, there)
  files.set(to, moved)
  const knows = random(2) === 0 && moved.length >= 64
  if (knows) moved.writeUInt32LE(parseSegmentFileName(to) ?? 0, SEGMENT_ID_OFFSET)
  return `${from} ${copies ? 'copied' : 'moved'} to ${to}${knows ? ' with its number' : ''}`
}

const emptySegment: Mutation = ({ files, random }) => {
  const segmentId = random(8)
  const bytes = Buffer.alloc(4096)
  bytes.set(encodeSegmentHeader({ segmentId, flags: random(2) }))
  files.set(segmentFileName(segmentId), bytes)
  return `${segmentFileName(segmentId)} empty`
}

const lengthOfSegment: Mutation = (queue) => {
  const name = oneOf(queue.random, segmentNames(queue))
  const bytes = queue.files.get(name) ?? Buffer.alloc(0)
  const length = oneOf(queue.random, [0, 63, 64, 2048, 4095, 4097, 8192])
  queue.files.set(name, Buffer.concat([bytes, Buffer.alloc(8192)]).subarray(0, length))
  return `${name} of ${length} bytes`
}

const sparseIndex: Mutation = ({ files, random }) => {
  const segmentId = random(4)
  const entries = Array.from({ length: 1 + random(3) }, (_, index) => ({
    sequence: random(30) + index,
    timestampNs: BigInt(random(2000)),
    offset: 64 * random(64),
  }))
  const bytes = Buffer.from(encodeSparseIndex(segmentId, entries, sum))
  files.set(
    `index/${segmentFileName(segmentId).replace('.q', '.idx')}`,
    random(3) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes,
  )
  return `index of ${segmentId}: ${JSON.stringify(entries.map(({ sequence, offset }) => [sequence, offset]))}`
}

const leftover: Mutation = ({ files, random }) => {
  const name = oneOf(random, [
    'control.tmp',
    '000000003.q.tmp',
    '000000004.q.tmp',
    'index.meta',
    'index.meta.tmp',
    'writer.lock',
    'READY',
    'LEASE',
    'readers/known.lost',
    'readers/x y.meta',
  ])
  const content = oneOf(random, [
    Buffer.alloc(0),
    Buffer.from('1 1 1\n'),
    Buffer.from('{"segmentId":0,"offset":64,"sequence":3}'),
    Buffer.alloc(16, random(256)),
    Buffer.alloc(4096),
  ])
  files.set(name, Buffer.from(content))
  return `${name} of ${content.length} bytes`
}

const record: Mutation = (queue) => {
  const names = segmentNames(queue)
  return names.length === 0 ? 'no segment' : mutateRecord(queue, oneOf(queue.random, names))
}

/** Often changed first: what the others mean hangs on it. */
const MUTATIONS: readonly Mutation[] = [
  ...[controlField, controlField, controlField, record, record, record, record],
  ...[durableSlot, position, segmentField, segmentField, removeSegment, renameSegment, renameSegment],
  ...[emptySegment, lengthOfSegment, sparseIndex, leftover],
]

/** One to four changes of structure; what each did. */
export function mutateStructure(queue: MutableQueue): string[] {
  return Array.from({ length: 1 + queue.random(4) }, () => {
    if (segmentNames(queue).length === 0) return 'nothing is left'
    return oneOf(queue.random, MUTATIONS)(queue)
  })
}
