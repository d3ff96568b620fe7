// Lets every mapping in every operation of a queue be once the one that fails, and prints findings as a JSON array. Arguments: folder, and the operations (all by default).
// Needs refuse-mmap.cc preloaded.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listReaders, openObserver, openReader, openWriter, QueueError } from '@chronicle-ts/core'
import { repairQueue } from '@chronicle-ts/inspect'

const [, , folder, ...chosen] = process.argv
const findings = []
/** Far more mappings than any of the operations makes. */
const MAPPINGS_MAX = 40
const EVERY_ONE = -1

function refuse(which) {
  writeFileSync(process.env.MMAP_REFUSALS, `${which}   `)
}

function expect(name, actual, expected) {
  if (actual !== expected) findings.push(`${name}: ${actual} instead of ${expected}`)
}

/** Whether an operation fails, and that it then says by which limit. */
function isRefused(name, operation) {
  try {
    operation()
    return false
  } catch (error) {
    if (!(error instanceof QueueError)) findings.push(`${name}: ${error?.stack ?? error}`)
    expect(name, error.code, 'ERR_LIMIT')
    if (!/max_map_count/.test(error.limit)) findings.push(`${name} does not name the limit: ${error.message}`)
    return true
  }
}

const payload = Buffer.alloc(500, 7)

function fill(directory, count) {
  const writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 })
  for (let number = 0; number < count; number++) writer.append(1, payload)
  return writer
}

function countMessages(directory) {
  const observer = openObserver(directory)
  let count = 0
  for (let message = observer.next(); message !== undefined; message = observer.next())
    expect('sequence', message.sequence, count++)
  observer.close()
  return count
}

/** Refuses the first mapping of an operation, then the second, ... until it makes so few that it succeeds. */
function refuseOneByOne(name, begin) {
  let refusals = 0
  for (let which = 1; which <= MAPPINGS_MAX; which++) {
    const directory = join(folder, `${name}-${which}`)
    mkdirSync(directory)
    const { operation, after } = begin(join(directory, 'queue'))
    refuse(which)
    const wasRefused = isRefused(`${name}, mapping ${which}`, operation)
    refuse(0)
    if (wasRefused) {
      refusals++
      if (isRefused(`${name} afterwards`, operation)) findings.push(`${name} does not work again`)
    }
    after()
    if (!wasRefused && which > refusals + 2) return refusals
  }
  throw new Error(`${name} makes more mappings than ${MAPPINGS_MAX}`)
}

/** A queue with messages in several segments, and how many it must have in the end. */
function queueOf(directory, more = 0) {
  fill(directory, 40).close()
  return () => expect(`messages of ${directory}`, countMessages(directory), 40 + more)
}

function withReader(open, use) {
  return (directory) => {
    const check = queueOf(directory)
    const source = open(directory)
    return {
      operation: () => use(source),
      after: () => {
        source.close()
        check()
      },
    }
  }
}

/** From where it stands to the end: every segment is left for the next one, and nothing is skipped or seen twice. */
function readOn(expected) {
  return (source) => {
    for (let message = source.next(); message !== undefined; message = source.next())
      expect('the next message', message.sequence, expected.next++)
  }
}

function once(open) {
  return (directory) => ({ operation: () => open(directory).close(), after: queueOf(directory) })
}

function appendsThatRoll(directory) {
  const writer = fill(directory, 1)
  let appended = 1
  const append = () => {
    writer.append(1, payload)
    appended++
  }
  return {
    // As many as fill two segments.
    operation: () => {
      while (appended < 15) append()
    },
    after: () => {
      append()
      writer.close()
      expect('messages', countMessages(directory), 16)
    },
  }
}

function readingOn(open) {
  return (directory) => withReader(open, readOn({ next: 0 }))(directory)
}

const operations = {
  'openWriter of a new queue': (directory) => ({
    operation: () => openWriter(directory, { segmentSize: 4096 }).close(),
    after: () => expect('messages', countMessages(directory), 0),
  }),
  openWriter: once((directory) => openWriter(directory)),
  // L10: a name that could not be registered is not known afterwards.
  openReader: (directory) => {
    const check = queueOf(directory)
    const operation = () => {
      try {
        openReader(directory, 'r').close()
      } catch (error) {
        expect('readers that could not open', listReaders(directory).length, 0)
        throw error
      }
    }
    return { operation, after: check }
  },
  openObserver: once((directory) => openObserver(directory)),
  'appends that roll': appendsThatRoll,
  'a reader that leaves segments': readingOn((directory) => openReader(directory, 'r')),
  'an observer that leaves segments': readingOn((directory) => openObserver(directory)),
  seek: withReader(
    (directory) => openReader(directory, 'r'),
    (source) => {
      source.seek({ sequence: 30 })
      expect('the message sought', source.peek()?.sequence, 30)
    },
  ),
  'flushSync after another writer': (directory) => {
    const check = queueOf(directory, 1)
    const writer = openWriter(directory)
    writer.append(1, payload)
    return {
      operation: () => writer.flushSync(),
      after: () => {
        writer.close()
        check()
      },
    }
  },
  repairQueue: (directory) => ({ operation: () => repairQueue(directory), after: queueOf(directory) }),
}

for (const [name, begin] of Object.entries(operations))
  if (chosen.length === 0 || chosen.includes(name)) refuseOneByOne(name, begin)

// As long as no mapping is to be had at all: the background preparation fails each time, and each append that needs it says so.
const directory = join(folder, 'none')
// Into the second segment: a reader needs a mapping to go on, whether or not the next one is prepared by then.
const begun = 10
const writer = fill(directory, begun)
const reader = openReader(directory, 'r')
refuse(EVERY_ONE)
let accepted = 0
while (!isRefused('an append without mappings', () => writer.append(1, payload))) accepted++
for (let count = 0; count < 3; count++)
  if (!isRefused('another append', () => writer.append(1, payload))) findings.push('it is accepted')
const seen = { next: 0 }
if (!isRefused('reading on', () => readOn(seen)(reader))) findings.push('it reads on')
expect('messages that need no mapping', seen.next > 0, true)
if (!isRefused('openObserver', () => openObserver(directory))) findings.push('it opens')
refuse(0)
for (let count = 0; count < 20; count++) writer.append(1, payload)
readOn(seen)(reader)
expect('messages afterwards', seen.next, begun + accepted + 20)
writer.close()
reader.close()
expect('messages in all', countMessages(directory), begun + accepted + 20)
console.log(JSON.stringify(findings))
