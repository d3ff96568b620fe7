// Writes while syncs fail, and prints findings as a JSON array. Needs failing-syncs.cc preloaded. Arguments: scenario, folder.

import { readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { openObserver, openWriter, QueueError } from '@chronicle-ts/core'
import { inspectQueue } from '@chronicle-ts/inspect'

const [, , scenario, folder] = process.argv
const findings = []
const directory = join(folder, 'queue')
const payload = Buffer.alloc(2000, 7)
const syncs = (mode) => writeFileSync(process.env.SYNC_FAILURES, mode)

function expect(name, actual, expected) {
  if (actual !== expected) findings.push(`${name}: ${actual} instead of ${expected}`)
}

function failureOf(operation) {
  try {
    operation()
    return undefined
  } catch (error) {
    if (!(error instanceof QueueError)) findings.push(error?.stack ?? String(error))
    return error
  }
}

function countMessages() {
  const observer = openObserver(directory)
  let count = 0
  while (observer.next() !== undefined) count++
  observer.close()
  return count
}

/** Bytes of the segment's pages that this process has mapped and that are not on the disk. */
function dirtyKib(segment) {
  const maps = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
  const own = maps.filter((map) => map.includes(join(directory, segment)))
  return own.reduce(
    (sum, map) => sum + Number(/Shared_Dirty: +(\d+)/.exec(map)[1]) + Number(/Private_Dirty: +(\d+)/.exec(map)[1]),
    0,
  )
}

function fill(writer, count) {
  for (let number = 0; number < count; number++) writer.append(1, payload)
}

// Touching pages ahead makes them dirty, too.
const open = (options = {}) =>
  openWriter(directory, { segmentSize: 1 << 20, heartbeatIntervalMs: 0, prefault: false, ...options })

/** Everything since the mark is dirty again before the next sync, of this writer or the next. */
function rewritten(reopens) {
  let writer = open()
  fill(writer, 10)
  writer.flushSync()
  fill(writer, 200)
  syncs('f')
  const failure = failureOf(() => writer.flushSync())
  expect('the failed flush', failure?.code, 'ERR_IO')
  expect('durable after it', writer.durableSequence, 10)
  expect('what the control block remembers', readFileSync(join(directory, 'control.meta')).readUInt32LE(252), 2)
  if (reopens) {
    writer.close()
    writer = open()
    expect('recovery', JSON.stringify(writer.recovery), '[]')
  }
  syncs('s')
  writer.flushSync()
  const dirty = dirtyKib('000000000.q')
  if (dirty < 400) findings.push(`only ${dirty} KiB are written again`)
  expect('durable in the end', writer.durableSequence, 210)
  expect('what the control block remembers then', readFileSync(join(directory, 'control.meta')).readUInt32LE(252), 0)
  syncs('g')
  writer.close()
}

/** The sync that fails is that of a segment that was rolled. */
function rolled() {
  const writer = open()
  fill(writer, 10)
  writer.flushSync()
  syncs('f')
  fill(writer, 600)
  expect('the failed flush', failureOf(() => writer.flushSync())?.code, 'ERR_IO')
  expect('durable after it', writer.durableSequence, 10)
  syncs('g')
  writer.flushSync()
  expect('durable in the end', writer.durableSequence, 610)
  expect('segment of the mark', inspectQueue(directory).durable?.segmentId, writer.position.segmentId)
  expect('messages', countMessages(), 610)
  writer.close()
}

/** For every call that appends: the message is there, and the error says so. */
function waiting() {
  const errno = process.env.SYNC_ERRNO
  const writer = open({ preset: 'durable' })
  fill(writer, 1)
  const calls = {
    append: () => writer.append(1, payload),
    tryAppend: () => writer.tryAppend(1, payload),
    appendBatch: () => writer.appendBatch([1, 2, 3].map((typeId) => ({ typeId, payload }))),
    commit: () => writer.claim(1, 100).commit(),
  }
  for (const [name, call] of Object.entries(calls)) {
    const before = writer.nextSequence
    syncs('f')
    const error = failureOf(call)
    expect(name, error?.code, 'ERR_NOT_DURABLE')
    expect(`${name}, cause`, error?.cause?.errnoName, errno === String(constants.errno.ENOSPC) ? 'ENOSPC' : 'EIO')
    expect(`${name}, cause`, error?.cause?.code, 'ERR_IO')
    expect(`${name}, sequence`, error?.sequence, writer.nextSequence - 1)
    if (writer.nextSequence === before) findings.push(`${name}: nothing was appended`)
    expect(`${name}, messages`, countMessages(), writer.nextSequence)
    expect(`${name}, durable`, writer.durableSequence, before)
    syncs('g')
    writer.flushSync()
    expect(`${name}, durable afterwards`, writer.durableSequence, writer.nextSequence)
  }
  // Over the end of a segment, where the roll waits too.
  syncs('f')
  for (let left = 600; left > 0; left--) expect('append', failureOf(() => writer.append(1, payload))?.code, 'ERR_NOT_DURABLE')
  syncs('g')
  writer.append(1, payload)
  expect('durable', writer.durableSequence, writer.nextSequence)
  expect('messages', countMessages(), writer.nextSequence)
  writer.close()
}

syncs('g')
const scenarios = { 'in this process': () => rewritten(false), 'in the next writer': () => rewritten(true), rolled, waiting }
scenarios[scenario]()
console.log(JSON.stringify(findings))
