#!/usr/bin/env node
/**
 * An independent reader of a queue directory: it shares no code with the packages, maps nothing, loads no addon and never writes. What it
 * knows of the format it knows from docs/format.md, so that a mistake in the packages is not repeated here.
 *
 * As a program: `node tools/evidence/witness/read-queue.mjs DIR... [--json]` prints what it finds, as NDJSON with `--json`, and exits with 1 when it found
 * a problem. As a module: {@link readQueue}. The directory should be at rest: the parts are not read at one instant.
 */
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32, FileBytes, isZero, namesIn, readIfThere, u64, u64Text } from './bytes.mjs'
import { isSegmentSize, problem, scanControl } from './control.mjs'

/**
 * What is carried from segment to segment.
 *
 * @typedef {object} Walk
 * @property {number} segmentSize
 * @property {number} head
 * @property {ReturnType<typeof import('./control.mjs').decodeControl> | undefined} control
 * @property {bigint | undefined} next the sequence that must come next
 * @property {bigint} highest
 * @property {boolean} base whether the last record was one of the base format
 * @property {number} epoch
 * @property {bigint | undefined} said the sequence of the record at the write offset, where the last append did not come to storing the next one
 * @property {Map<number, Set<number>>} boundaries offsets at which records begin or would begin, by segment
 */

/** @param {string} directory @param {number[]} ids @param {Walk} walk @param {boolean} payloads */
function* scanSegments(directory, ids, walk, payloads) {
  for (const [index, id] of ids.entries()) {
    const name = `${String(id).padStart(9, '0')}.q`
    // After the head a segment that was prepared may stand above those that are still to be made.
    if (index > 0 && id !== Number(ids[index - 1]) + 1 && id <= walk.head)
      yield problem('missing-segment', name, 0, `follows segment ${ids[index - 1]}`)
    const file = new FileBytes(join(directory, name))
    try {
      yield* scanSegment(file, name, id, walk, payloads)
    } finally {
      file.close()
    }
  }
}

/** @param {FileBytes} file @param {string} name @param {number} id @param {Walk} walk @param {boolean} payloads */
function* scanSegment(file, name, id, walk, payloads) {
  if (file.length !== walk.segmentSize) yield problem('bad-segment', name, 0, `length ${file.length}`)
  if (file.length < 64) return
  const header = Buffer.from(file.at(0, 64))
  if (header.readUInt32LE(0) !== 0x53454730) yield problem('bad-segment', name, 0, 'magic')
  if (header.readUInt32LE(4) !== 1) yield problem('bad-segment', name, 4, `version ${header.readUInt32LE(4)}`)
  if (header.readUInt32LE(8) !== id) yield problem('bad-segment', name, 8, `id ${header.readUInt32LE(8)}`)
  const flags = header.readUInt32LE(12)
  if (flags > 1) yield problem('not-zero', name, 12, `flags ${flags}`)
  const sealed = (flags & 1) === 1
  if (id < walk.head && !sealed) yield problem('not-sealed', name, 12, 'a later segment is the head')
  if (id >= walk.head && sealed) yield problem('sealed', name, 12, 'no later segment is the head')

  const sum = {
    count: 0,
    first: /** @type {bigint | undefined} */ (undefined),
    last: '0',
    end: 64,
    padding: false,
    bad: false,
    ahead: false,
  }
  walk.boundaries.set(id, new Set([64]))
  if (id > walk.head) {
    const dirt = file.firstNonZero(64, file.length)
    if (dirt !== -1) yield problem('not-empty', name, dirt, 'bytes in a segment after the head')
    if (!isZero(header.subarray(16, 24))) yield problem('not-empty', name, 16, 'first sequence of a segment after the head')
  } else {
    yield* scanRecords(file, name, id, walk, sum, payloads)
  }
  yield { kind: 'segment', segment: id, sealed, records: sum.count, end: sum.end }
  yield* checkSummary(header, name, walk, sum, sealed)
}

/** @param {FileBytes} file @param {string} name @param {number} id @param {Walk} walk @param {any} sum @param {boolean} payloads */
function* scanRecords(file, name, id, walk, sum, payloads) {
  const size = Math.min(walk.segmentSize, file.length)
  let offset = 64
  while (offset <= size - 64) {
    const header = Buffer.from(file.at(offset, 64))
    const commitLength = header.readUInt32LE(0)
    if (commitLength === 0) break
    const length = commitLength - 1
    const end = offset + Math.ceil((64 + length) / 64) * 64
    if (end > size) {
      sum.bad = true
      return yield problem('bad-length', name, offset, `commitLength ${commitLength}`)
    }
    if (header.readUInt16LE(24) === 0xffff) {
      yield* checkPadding(file, header, name, id, offset, end, walk)
      sum.padding = true
      return
    }
    yield* scanRecord(file, header, name, id, offset, walk, sum, payloads)
    sum.end = offset = end
    walk.boundaries.get(id)?.add(end)
  }
  yield* checkTail(file, name, id, offset, size, walk)
}

/** @param {FileBytes} file @param {Buffer} header @param {string} name @param {number} id @param {number} offset @param {number} end @param {Walk} walk */
function* checkPadding(file, header, name, id, offset, end, walk) {
  yield { kind: 'padding', segment: id, offset }
  if (end !== walk.segmentSize) yield problem('bad-padding', name, offset, `ends at ${end}`)
  header.fill(0, 0, 4)
  header.fill(0, 24, 26)
  if (!isZero(header)) yield problem('bad-padding', name, offset, 'header fields')
  const dirt = file.firstNonZero(offset + 64, end)
  if (dirt !== -1) yield problem('not-zero', name, dirt, 'padding record')
}

/** After the last record all is zero, but for what an append that never committed may have touched. @param {FileBytes} file @param {string} name @param {number} id @param {number} offset @param {number} size @param {Walk} walk */
function* checkTail(file, name, id, offset, size, walk) {
  const { control } = walk
  const known =
    control !== undefined &&
    control.extensionEpoch !== 0 &&
    control.extensionEpoch === Number(BigInt(control.writerEpoch) % 2n ** 32n)
  const dirtyEnd = known && control.dirtySegment === id ? Math.min(Number(control.dirtyEnd), size) : offset
  const torn = dirtyEnd > offset ? file.firstNonZero(offset, dirtyEnd) : -1
  if (torn !== -1) yield { kind: 'torn', segment: id, offset, end: dirtyEnd }
  const dirt = file.firstNonZero(Math.max(offset, dirtyEnd), size)
  if (dirt !== -1) yield problem('not-zero', name, dirt, 'after the last record')
}

/** @param {FileBytes} file @param {Buffer} header @param {string} name @param {number} id @param {number} offset @param {Walk} walk @param {any} sum @param {boolean} payloads */
function* scanRecord(file, header, name, id, offset, walk, sum, payloads) {
  const length = header.readUInt32LE(0) - 1
  const flags = header.readUInt16LE(26)
  const padded = Math.ceil(length / 64) * 64
  const body = file.at(offset + 64, padded)
  const payload = body.subarray(0, length)
  const computed = length === 0 ? 0 : crc32(payload)
  const sequence = u64(header, 8)
  const record = {
    kind: 'record',
    segment: id,
    offset,
    sequence,
    timestampNs: u64Text(header, 16),
    typeId: header.readUInt16LE(24),
    length,
    crc32: computed,
    flags,
    writerEpoch: (flags & 1) === 1 ? header.readUInt32LE(36) : null,
    schemaVersion: flags >> 8,
    trace: (flags & 2) === 2 ? decodeTrace(header) : null,
    source: (flags & 4) === 4 ? decodeSource(header) : null,
  }
  yield payloads ? { ...record, payload: Buffer.from(payload) } : record
  if (header.readUInt32LE(4) !== 0) yield problem('not-zero', name, offset + 4, 'record header')
  if ((flags & 6) === 6 || ((flags & 24) !== 0 && (flags & 2) === 0))
    yield problem('bad-flags', name, offset + 26, `flags ${flags}`)
  if ((flags & 4) === 4 && header.readUInt32LE(60) !== crc32(header.subarray(40, 60)))
    yield problem('bad-source-crc', name, offset + 40, `sequence ${sequence}`)
  if (header.readUInt32LE(28) !== computed) yield problem('bad-payload-crc', name, offset, `sequence ${sequence}`)
  if ((flags & 1) === 1 && header.readUInt32LE(32) !== crc32(header.subarray(0, 32))) {
    yield problem('bad-header-crc', name, offset, `sequence ${sequence}`)
  }
  if ((flags & 1) === 0 && !isZero(header.subarray(32, 40))) yield problem('not-zero', name, offset + 32, 'record header')
  if ((flags & 6) === 0 && !isZero(header.subarray(40, 64))) yield problem('not-zero', name, offset + 40, 'record header')
  if (!isZero(body.subarray(length))) yield problem('not-zero', name, offset + 64 + length, 'after the payload')
  yield* checkOrder(record, name, walk)
  if (id === walk.head && offset === walk.control?.writeOffset) walk.said = BigInt(sequence)
  if (!sum.ahead) {
    for (const found of checkClock(record.timestampNs, name, offset + 16)) {
      sum.ahead = true
      yield found
    }
  }
  sum.first ??= BigInt(sequence)
  sum.last = record.timestampNs
  sum.count += 1
}

/** @param {Buffer} header */
function decodeTrace(header) {
  return {
    traceId: header.toString('hex', 40, 56),
    spanId: header.toString('hex', 56, 64),
    flags: (header.readUInt16LE(26) >> 3) & 3,
  }
}

/** @param {Buffer} header */
function decodeSource(header) {
  return {
    sequence: u64(header, 40),
    id: header.readUInt32LE(48),
    epoch: header.readUInt32LE(52),
    outputIndex: header.readUInt16LE(56),
    flags: header.readUInt16LE(58),
  }
}

/**
 * Sequences go up by one. A writer of the base format begins again with 0 at every open; the first record of this library after such records goes on from
 * the highest sequence before it.
 *
 * @param {{ offset: number, sequence: number | string, flags: number, writerEpoch: number | null }} record @param {string} name @param {Walk} walk
 */
function* checkOrder(record, name, walk) {
  const sequence = BigInt(record.sequence)
  const restart = record.flags === 0 && sequence === 0n
  const takeover = walk.base && record.writerEpoch !== null && sequence === walk.highest + 1n
  if (walk.next !== undefined && sequence !== walk.next && !restart && !takeover) {
    yield problem('sequence-gap', name, record.offset, `expected ${walk.next}, found ${record.sequence}`)
  }
  if (record.writerEpoch !== null) {
    if (record.writerEpoch < walk.epoch)
      yield problem('epoch-back', name, record.offset, `${record.writerEpoch} after ${walk.epoch}`)
    const newest = BigInt(walk.control?.writerEpoch ?? 2 ** 32)
    if (BigInt(record.writerEpoch) > newest)
      yield problem('epoch-ahead', name, record.offset, `${record.writerEpoch} before ${newest}`)
    walk.epoch = record.writerEpoch
  }
  walk.next = sequence + 1n
  if (sequence > walk.highest) walk.highest = sequence
  walk.base = record.writerEpoch === null
}

/** The extension fields of a segment's header, where present, agree with what the segment holds. @param {Buffer} header @param {string} name @param {Walk} walk @param {any} sum @param {boolean} sealed */
function* checkSummary(header, name, walk, sum, sealed) {
  const firstPlusOne = header.readBigUInt64LE(16)
  const expected = sum.first ?? walk.next
  // An empty head that agrees with the control block leaves sequences out, because messages are lost: the control block's finding says so.
  const isDecided = sum.first === undefined && BigInt(walk.control?.nextSequence ?? -1) === firstPlusOne - 1n
  if (firstPlusOne !== 0n && expected !== undefined && firstPlusOne - 1n !== expected && !isDecided) {
    yield problem('bad-summary', name, 16, `first sequence ${firstPlusOne - 1n}, found ${expected}`)
  }
  if (isZero(header.subarray(40, 64)) || sum.bad) return
  if (!sealed) return yield problem('bad-summary', name, 40, 'a summary in a segment that is not sealed')
  const end = u64(header, 40)
  if (end !== 0 && end !== sum.end && !(sum.padding && end === walk.segmentSize))
    yield problem('bad-summary', name, 40, `end ${end}, found ${sum.end}`)
  if (u64(header, 48) !== 0 && u64(header, 48) !== sum.count)
    yield problem('bad-summary', name, 48, `records ${u64(header, 48)}, found ${sum.count}`)
  if (u64Text(header, 56) !== '0' && u64Text(header, 56) !== sum.last)
    yield problem('bad-summary', name, 56, `last timestamp ${u64Text(header, 56)}, found ${sum.last}`)
}

/** The control block agrees with the segments. @param {Walk} walk @param {number[]} ids */
function* checkControl(walk, ids) {
  const { control } = walk
  if (control === undefined) return
  if (!ids.includes(control.currentSegment)) {
    return yield problem('missing-head', 'control.meta', 132, `segment ${control.currentSegment}`)
  }
  const end = Math.max(...(walk.boundaries.get(control.currentSegment) ?? [64]))
  const hasExtensions = control.extensionEpoch !== 0 && BigInt(control.extensionEpoch) === BigInt(control.writerEpoch) % 2n ** 32n
  // A writer that dies between its commit word and what it stores next leaves the control block at the record before, and a power loss further back.
  const isBehind =
    walk.said !== undefined && (!hasExtensions || [walk.said, walk.said + 1n].includes(BigInt(control.nextSequence)))
  if (control.writeOffset !== end && !isBehind)
    yield problem('bad-write-offset', 'control.meta', 256, `${control.writeOffset}, found ${end}`)
  const first = Number(control.firstSegmentPlusOne)
  if (first !== 0 && first - 1 !== ids[0])
    yield problem('bad-first-segment', 'control.meta', 136, `${first - 1}, found ${ids[0]}`)
  yield* checkClock(control.heartbeatNs, 'control.meta', 264)
  if (!hasExtensions || isBehind) return
  if (walk.next !== undefined && BigInt(control.nextSequence) !== walk.highest + 1n) {
    yield problem('bad-next-sequence', 'control.meta', 272, `${control.nextSequence}, found ${walk.highest + 1n}`)
  }
}

/** A time that has not come yet, by more than clocks may differ. @param {string} timeNs @param {string} file @param {number} offset */
function* checkClock(timeNs, file, offset) {
  const limitNs = BigInt(Date.now() + 60_000) * 1_000_000n
  if (BigInt(timeNs) > limitNs) yield problem('clock-ahead', file, offset, `${timeNs} ns`)
}

/** @param {string} directory @param {Walk} walk */
function* scanReaders(directory, walk) {
  for (const fileName of namesIn(join(directory, 'readers'))) {
    const name = fileName.slice(0, -'.meta'.length)
    const file = `readers/${fileName}`
    if (!fileName.endsWith('.meta') || !/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(name)) {
      if (!/\.(lost|tmp)$/.test(fileName)) yield problem('foreign-reader', file, 0, 'not a name of a reader')
      continue
    }
    const bytes = readIfThere(join(directory, file))
    if (bytes === undefined) {
      yield problem('bad-position', file, 0, 'not a file')
      continue
    }
    // Made by an open that has not saved a position yet, or never did: the name registers nothing.
    if (bytes.length === 0 || (bytes.length === 80 && isZero(bytes))) continue
    let best
    if (bytes.length === 8) best = { segment: 0, offset: u64(bytes, 0), generation: 0, heartbeatNs: '0' }
    if (bytes.length === 16) best = { segment: u64(bytes, 0), offset: u64(bytes, 8), generation: 0, heartbeatNs: '0' }
    for (const slot of bytes.length === 80 ? [0, 1] : []) {
      const slotBytes = bytes.subarray(40 * slot, 40 * slot + 40)
      if (isZero(slotBytes)) continue
      if (crc32(slotBytes.subarray(0, 32)) !== slotBytes.readUInt32LE(32) || slotBytes.readUInt32LE(36) !== 0) {
        yield problem('bad-position-slot', file, 40 * slot, `slot ${slot}`)
        continue
      }
      const generation = u64(slotBytes, 24)
      if (BigInt(generation) % 2n !== BigInt(slot))
        yield problem('bad-position-slot', file, 40 * slot, `generation ${generation}`)
      if (best === undefined || BigInt(generation) > BigInt(best.generation)) {
        best = { segment: u64(slotBytes, 0), offset: u64(slotBytes, 8), generation, heartbeatNs: u64Text(slotBytes, 16) }
      }
    }
    if (best === undefined) {
      yield problem('bad-position', file, 0, bytes.length === 80 ? 'no valid slot' : `length ${bytes.length}`)
      continue
    }
    yield { kind: 'reader', name, ...best }
    yield* checkClock(best.heartbeatNs, file, 0)
    yield* checkPlace(best, file, walk)
  }
}

/** A saved position lies where a record begins or would begin, unless its segment is deleted. @param {{ segment: number | string, offset: number | string }} place @param {string} file @param {Walk} walk */
function* checkPlace(place, file, walk) {
  const segment = Number(place.segment)
  const oldest = Math.min(...walk.boundaries.keys())
  if (segment < oldest) return
  const known = walk.boundaries.get(segment)
  if (known === undefined || !(known.has(Number(place.offset)) || place.offset === walk.segmentSize)) {
    yield problem('bad-place', file, 0, `segment ${place.segment} offset ${place.offset}`)
  }
}

const KNOWN_NAMES =
  /^(control\.meta|index\.meta|writer\.lock|readers|quarantine|index|bridge|schemas|sources|sources\.json|thresholds\.json|acknowledged\.json|producers|archive|READY|LEASE|(\d{9}|[1-9]\d{9})\.q|.*\.tmp)$/

/** @param {string} directory @param {Walk} walk */
function* scanHints(directory, walk) {
  for (const name of namesIn(directory))
    if (!KNOWN_NAMES.test(name)) yield problem('foreign-file', name, 0, 'not part of a queue')
  const index = readIfThere(join(directory, 'index.meta'))
  if (index !== undefined && index.length !== 16) yield problem('bad-index', 'index.meta', 0, `length ${index.length}`)
  if (index?.length === 16) {
    const hint = { segment: u64(index, 0), offset: u64(index, 8) }
    yield { kind: 'index', ...hint }
    yield* checkPlace(hint, 'index.meta', walk)
  }
  const match = /^(\d+) (\d+) (\d+)\n$/.exec(readIfThere(join(directory, 'writer.lock'))?.toString('latin1') ?? '')
  if (match !== null) yield { kind: 'lock', pid: Number(match[1]), startTime: Number(match[2]), epoch: Number(match[3]) }
}

/**
 * Everything in a queue directory, event by event, in the order of the files. Broken directories end in `problem` events, not in exceptions.
 *
 * @param {string} directory
 * @param {{ payloads?: boolean }} [options] `payloads`: records carry a copy of their payload (default true)
 * @returns {Generator<import('./read-queue.d.mts').WitnessEvent, void, void>}
 */
export function* scanQueue(directory, options = {}) {
  const controlBytes = readIfThere(join(directory, 'control.meta'))
  let control
  for (const event of scanControl(controlBytes)) {
    if (event.kind === 'control') control = /** @type {ReturnType<typeof import('./control.mjs').decodeControl>} */ (event)
    yield/** @type {any} */ (event)
  }
  const ids = namesIn(directory)
    .filter((name) => /^(\d{9}|[1-9]\d{9})\.q$/.test(name))
    .map((name) => Number(name.slice(0, -2)))
    .sort((a, b) => a - b)
  if (ids.length === 0) yield problem('no-segments', basename(directory), 0, 'there is no segment')
  const walk = {
    segmentSize: isSegmentSize(control?.segmentSize) ? Number(control?.segmentSize) : sizeOfFirst(directory, ids),
    head: control?.currentSegment ?? Number.POSITIVE_INFINITY,
    control,
    next: undefined,
    said: undefined,
    highest: -1n,
    base: false,
    epoch: 0,
    boundaries: new Map(),
  }
  yield* /** @type {any} */ (scanSegments(directory, ids, walk, options.payloads ?? true))
  yield* /** @type {any} */ (checkControl(walk, ids))
  yield* /** @type {any} */ (scanReaders(directory, walk))
  yield* /** @type {any} */ (scanHints(directory, walk))
}

/** @param {string} directory @param {number[]} ids */
function sizeOfFirst(directory, ids) {
  if (ids.length === 0) return 0
  const file = new FileBytes(join(directory, `${String(ids[0]).padStart(9, '0')}.q`))
  file.close()
  return file.length
}

/**
 * Reads a whole queue directory.
 *
 * @param {string} directory
 * @param {{ payloads?: boolean }} [options]
 * @returns {import('./read-queue.d.mts').WitnessedQueue}
 */
export function readQueue(directory, options = {}) {
  /** @type {any} */
  const queue = {
    control: undefined,
    durable: [],
    segments: [],
    records: [],
    padding: [],
    torn: [],
    readers: {},
    index: undefined,
    lock: undefined,
    problems: [],
  }
  const lists = {
    durable: queue.durable,
    segment: queue.segments,
    record: queue.records,
    padding: queue.padding,
    torn: queue.torn,
    problem: queue.problems,
  }
  for (const { kind, ...event } of scanQueue(directory, options)) {
    if (kind === 'reader') queue.readers[/** @type {any} */ (event).name] = event
    else if (kind in lists) lists[/** @type {keyof typeof lists} */ (kind)].push(event)
    else queue[kind] = event
  }
  return queue
}

/** @param {any} event @param {boolean} json */
function lineOf(event, json) {
  if (json) return JSON.stringify(event)
  const { kind, ...facts } = event
  return [kind, ...Object.entries(facts).map(([name, value]) => `${name}=${value}`)].join(' ')
}

/** @param {string[]} args */
function main(args) {
  const json = args.includes('--json')
  const directories = args.filter((arg) => arg !== '--json')
  if (directories.length === 0 || directories.some((arg) => arg.startsWith('-'))) {
    process.stderr.write('usage: read-queue.mjs DIR... [--json]\n')
    return 2
  }
  let problems = 0
  for (const directory of directories) {
    const lines = [lineOf({ kind: 'queue', directory }, json)]
    const found = { kind: 'end', records: 0, problems: 0 }
    for (const event of scanQueue(directory, { payloads: false })) {
      if (event.kind === 'record') found.records += 1
      if (event.kind === 'problem') found.problems += 1
      lines.push(lineOf(event, json))
      if (lines.length >= 1000) process.stdout.write(`${lines.splice(0).join('\n')}\n`)
    }
    lines.push(lineOf(found, json))
    process.stdout.write(`${lines.join('\n')}\n`)
    problems += found.problems
  }
  return problems === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2))
