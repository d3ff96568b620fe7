// Runs a queue short of something and prints findings as a JSON array. Arguments: scenario, folder. Scenarios that mount need a mount namespace of their own.
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { listReaders, openObserver, openReader, openWriter } from '@chronicle-ts/core'
import { inspectQueue, openColdReader, pruneQueue } from '@chronicle-ts/inspect'
import { amount, SEED } from '../../../../tools/evidence/effort/effort.mjs'
import { codeOf, countMessages, expect, findings, folder, mount, payload, remount, scenario, use } from './scarcity-support.mjs'

/** Every size at which another allocation is the one that fails: of the directory, the control block, a segment, a position, the index. */
function disk() {
  mount(4096)
  const step = 4 * amount({ short: 3, long: 1 })
  for (let kibibytes = 4 + ((4 * SEED) % step); kibibytes <= 96; kibibytes += step) {
    remount(`size=${kibibytes}k`)
    const directory = join(folder, `queue-${kibibytes}`)
    const opened = codeOf('openWriter on a full disk', () => fillUp(directory))
    expect(`open at ${kibibytes} KiB`, opened, 'none', 'ERR_NO_SPACE')
    remount('size=4096k')
    expect(
      'openWriter after space returned',
      codeOf('openWriter', () => openWriter(directory, { segmentSize: 4096 }).close()),
      'none',
    )
    rmSync(directory, { recursive: true, force: true })
  }
}

function fillUp(directory) {
  const writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 })
  try {
    let refused = 'none'
    while (refused === 'none') refused = codeOf('append', () => writer.append(1, payload))
    expect('append on a full disk', refused, 'ERR_NO_SPACE')
    // Background work that found no space either may give back the blocks of its temporary file after that.
    for (let tries = 0; tries < 10 && writer.tryAppend(1, payload).status === 'appended'; tries++);
    const { nextSequence } = writer
    expect('tryAppend on a full disk', writer.tryAppend(1, payload).status, 'no-space')
    expect('messages after the refusal', countMessages(directory), nextSequence)
    expect('a refused append took a sequence', writer.nextSequence, nextSequence)
    expect(
      'openReader on a full disk',
      codeOf('openReader', () => openReader(directory, 'r').close()),
      'none',
      'ERR_NO_SPACE',
    )
    expect(
      'flushSync on a full disk',
      codeOf('flushSync', () => writer.flushSync()),
      'none',
    )
    codeOf('explainRetention on a full disk', () => writer.explainRetention())
    expect(
      'second writer on a full disk',
      codeOf('openWriter', () => openWriter(directory)),
      'ERR_WRITER_ACTIVE',
    )
    remount('size=4096k')
    for (let count = 0; count < 30; count++) writer.append(1, payload)
    expect('messages after space returned', countMessages(directory), nextSequence + 30)
    fillWithJunk()
  } finally {
    writer.close()
    rmSync(junk(), { force: true })
  }
}

function junk() {
  return join(folder, 'junk')
}

/** The disk is full again, although blocks were given back meanwhile. */
function fillWithJunk() {
  const fd = openSync(junk(), 'w')
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096))
  } catch (error) {
    expect('filling the disk', error.code, 'ENOSPC')
  }
  closeSync(fd)
}

/** Many times the disk goes through a queue that never keeps more than a part of it, faster than segments are deleted. */
function turnover(mebibytes, messages) {
  mount(mebibytes * 1024)
  for (const options of [
    { maxSegments: 3 },
    { maxBytes: 12 << 20 },
    { retention: { consumed: true } },
    { retention: { maxSegments: 3 } },
  ]) {
    const directory = join(folder, 'queue')
    const writer = openWriter(directory, { segmentSize: 4 << 20, heartbeatIntervalMs: 0, ...options })
    const reader = openReader(directory, 'r')
    const large = Buffer.alloc(100_000, 7)
    for (let sequence = 0; sequence < messages; sequence++) {
      const refused = codeOf('append', () => writer.append(1, large))
      expect(`append ${sequence} with ${JSON.stringify(options)}`, refused, 'none')
      if (refused !== 'none') break
      expect('what was read', reader.next()?.sequence, sequence)
      reader.commit()
    }
    reader.close()
    writer.close()
    rmSync(directory, { recursive: true })
  }
}

/** L10: without room for a position a name is refused, and not known afterwards. */
function positions() {
  mount(64)
  const directory = join(folder, 'queue')
  const writer = openWriter(directory, { segmentSize: 4096 })
  mkdirSync(join(directory, 'readers'))
  const filler = join(folder, 'filler')
  const fd = openSync(filler, 'w')
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096))
  } catch (error) {
    expect('the filler', error.code, 'ENOSPC')
  }
  const open = () => codeOf('openReader', () => openReader(directory, 'new').close())
  expect('openReader without any room', open(), 'ERR_NO_SPACE')
  expect('readers that were refused', listReaders(directory).length, 0)
  closeSync(fd)
  rmSync(filler)
  expect('openReader afterwards', open(), 'none')
  writer.close()
}

/** Takes every block that the file system has left. */
function fillDisk() {
  const fd = openSync(join(folder, 'filler'), 'a')
  try {
    for (const size of [65_536, 4096]) {
      try {
        for (;;) writeSync(fd, Buffer.alloc(size))
      } catch (error) {
        expect('the filler', error.code, 'ENOSPC')
      }
    }
  } finally {
    closeSync(fd)
  }
}

/** L59: a disk that others have filled can be left again by everything that frees space, and by nothing that needs a new block. */
function consumed() {
  mount(2048)
  const large = Buffer.alloc(10_000, 7)
  for (const options of [{ maxSegments: 4 }, { retention: { consumed: true } }, { retention: { maxSegments: 2 } }]) {
    const name = JSON.stringify(options)
    const directory = join(folder, 'queue')
    let writer = openWriter(directory, { segmentSize: 1 << 18, maxSegments: 4, heartbeatIntervalMs: 0 })
    let reader = openReader(directory, 'r')
    while (writer.tryAppend(1, large).status === 'appended');
    const { nextSequence } = writer
    writer.flushSync()
    reader.close()
    writer.close()
    fillDisk()
    reader = openReader(directory, 'r')
    let count = 0
    while (reader.next() !== undefined) count++
    expect(`messages with ${name}`, count, nextSequence)
    expect(
      `durable commit with ${name}`,
      codeOf('commit', () => reader.commit({ durable: true })),
      'none',
    )
    expect(
      `open with ${name}`,
      codeOf('openWriter', () => (writer = openWriter(directory, { ...options, heartbeatIntervalMs: 0 }))),
      'none',
    )
    for (let sequence = nextSequence; sequence < nextSequence + 40; sequence++)
      expect(
        `append ${sequence} with ${name}`,
        codeOf('append', () => writer.append(1, large)),
        'none',
      )
    expect(
      `flush with ${name}`,
      codeOf('flushSync', () => writer.flushSync()),
      'none',
    )
    expect(
      `close with ${name}`,
      codeOf('close', () => writer.close()),
      'none',
    )
    fillDisk()
    expect(
      `open again with ${name}`,
      codeOf('openWriter', () => openWriter(directory).close()),
      'none',
    )
    while (reader.next() !== undefined);
    reader.commit()
    reader.close()
    openDamaged(directory, options)
    rmSync(directory, { recursive: true })
    rmSync(join(folder, 'filler'))
  }
}

/** Recovery needs a fresh segment, and room for a copy of what it sets aside: what is consumed gives both. */
function openDamaged(directory, options) {
  const name = JSON.stringify(options)
  const writer = openWriter(directory, { heartbeatIntervalMs: 0 })
  const { position, nextSequence } = writer
  writer.close()
  const fd = openSync(join(directory, `${String(position.segmentId).padStart(9, '0')}.q`), 'r+')
  writeSync(fd, Buffer.alloc(64, 0x55), 0, 64, position.offset)
  closeSync(fd)
  fillDisk()
  const isBounded = options.maxSegments !== undefined || options.retention.consumed
  expect(
    `open with damage at the end, and ${name}`,
    codeOf('openWriter', () => openWriter(directory, options).close()),
    isBounded ? 'none' : 'ERR_NO_SPACE',
  )
  expect(
    `messages after ${name}`,
    use(
      openObserver(directory, { onCorrupt: 'skip' }),
      (observer) => observer.nextSequence >= 0 || observer.peek() === undefined,
    ),
    true,
  )
  if (isBounded)
    expect(
      `next sequence after ${name}`,
      use(openWriter(directory), (opened) => opened.nextSequence),
      nextSequence,
    )
}

/** A queue that cannot be made on a full disk leaves nothing, not even its directories. */
function newQueue() {
  mount(1024)
  fillDisk()
  const parent = join(folder, 'made')
  expect(
    'a new queue on a full disk',
    codeOf('openWriter', () => openWriter(join(parent, 'queue'), { segmentSize: 1 << 18 })),
    'ERR_NO_SPACE',
  )
  expect('whether a directory is left', existsSync(parent), false)
  mkdirSync(parent)
  codeOf('openWriter', () => openWriter(parent, { segmentSize: 1 << 18 }))
  expect('whether a directory that was there is left', existsSync(parent), true)
}

/** L59: a reader that is let go on a full disk learns exactly what it lost. */
function lostNote() {
  mount(2048)
  const directory = join(folder, 'queue')
  const large = Buffer.alloc(10_000, 7)
  let writer = openWriter(directory, { segmentSize: 1 << 18, maxSegments: 4, heartbeatIntervalMs: 0 })
  const slow = openReader(directory, 'slow')
  while (writer.tryAppend(1, large).status === 'appended');
  for (let count = 0; count < 3; count++) slow.next()
  slow.commit()
  slow.close()
  writer.close()
  fillDisk()
  writer = openWriter(directory, { maxSegments: 4, heartbeatIntervalMs: 0, retention: { consumed: true, maxReaderLagBytes: 1 } })
  expect(
    'append',
    codeOf('append', () => writer.append(1, large)),
    'none',
  )
  writer.close()
  try {
    openReader(directory, 'slow').close()
    findings.push('the reader does not learn that it lost messages')
  } catch (error) {
    expect('the code', error.code, 'ERR_DATA_LOST')
    expect('the first one that is lost', error.from, 3)
  }
}

/** L59: pruning frees space on a full disk. */
async function prune() {
  mount(2048)
  const directory = join(folder, 'queue')
  const writer = openWriter(directory, { segmentSize: 1 << 18, heartbeatIntervalMs: 0 })
  for (let count = 0; count < 100; count++) writer.append(1, Buffer.alloc(10_000, 7))
  const head = writer.position.segmentId
  writer.close()
  fillDisk()
  expect('segments that are gone', (await pruneQueue(directory, { maxSegments: 1 })).length, head)
}

function readOnly() {
  mount(4096)
  const directory = join(folder, 'queue')
  // By another process: this one keeps a closed writer's control block mapped until its native half is collected.
  execFileSync(process.execPath, [join(import.meta.dirname, 'append-stream.mjs'), directory, '30', '4096', '500'])
  const observer = openObserver(directory)
  remount('ro')
  expect(
    'openWriter read-only',
    codeOf('openWriter', () => openWriter(directory)),
    'ERR_PERMISSION',
  )
  expect(
    'openWriter of a new queue read-only',
    codeOf('openWriter', () => openWriter(join(folder, 'new'))),
    'ERR_PERMISSION',
  )
  expect(
    'openReader read-only',
    codeOf('openReader', () => openReader(directory, 'r')),
    'ERR_PERMISSION',
  )
  expect(
    'observer read-only',
    codeOf('next', () => observer.next()),
    'none',
  )
  expect('messages read-only', countMessages(directory), 30)
  expect(
    'inspectQueue read-only',
    codeOf('inspectQueue', () => inspectQueue(directory)),
    'none',
  )
  observer.close()
  remount('rw')
  expect(
    'openWriter after the remount',
    codeOf('openWriter', () => openWriter(directory).close()),
    'none',
  )
}

/** Leaves 0, 1, 2, ... descriptors free, so that each open in each operation is once the one that fails. */
function descriptors() {
  const directory = join(folder, 'queue')
  const writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0, retention: { consumed: true } })
  for (let count = 0; count < 20; count++) writer.append(1, payload)
  const observer = openObserver(directory)
  const operations = {
    openWriter: () => openWriter(join(folder, 'other'), { segmentSize: 4096 }).close(),
    openReader: () => openReader(directory, 'r').close(),
    openObserver: () => openObserver(directory).close(),
    listReaders: () => listReaders(directory),
    inspectQueue: () => inspectQueue(directory),
    openColdReader: () => use(openColdReader(directory), (reader) => [...reader]),
    append: () => writer.append(1, Buffer.alloc(3900)),
    explainRetention: () => writer.explainRetention(),
    flushSync: () => writer.flushSync(),
    next: () => observer.poll(1000, () => undefined),
    seek: () => observer.seek({ sequence: 3 }),
    writerStatus: () => observer.writerStatus(),
  }
  for (let free = 0; free < 12; free++) {
    const held = holdAllDescriptors()
    for (let count = 0; count < free; count++) closeSync(held.pop())
    const codes = Object.entries(operations).map(([name, operation]) => [
      name,
      codeOf(`${name} with ${free} descriptors`, operation),
    ])
    for (const fd of held) closeSync(fd)
    for (const [name, code] of codes)
      expect(`${name} with ${free} descriptors`, code, 'none', 'ERR_LIMIT', 'ERR_IO', 'ERR_NO_SPACE')
    for (const [name, operation] of Object.entries(operations)) expect(`${name} afterwards`, codeOf(name, operation), 'none')
  }
  const { nextSequence } = writer
  writer.close()
  observer.close()
  use(openObserver(directory), (rest) => expect('messages', rest.next()?.sequence === undefined ? 0 : nextSequence, nextSequence))
}

function holdAllDescriptors() {
  const held = []
  for (;;) {
    try {
      held.push(openSync('/dev/null', 'r'))
    } catch {
      return held
    }
  }
}

/** Root may do everything: the rest is done as another user. */
function becomeNobody(...paths) {
  if (process.getuid() !== 0) return
  for (const path of paths) chownSync(path, 65534, 65534)
  process.setgid(65534)
  process.setuid(65534)
}

function memlock() {
  becomeNobody(folder)
  const directory = join(folder, 'queue')
  try {
    openWriter(directory, { segmentSize: 1024 * 1024, mlock: true }).close()
    findings.push('memory was locked beyond the limit')
  } catch (error) {
    expect('mlock', error.code, 'ERR_LIMIT')
    expect('the limit', error.limit, 'RLIMIT_MEMLOCK')
  }
  expect(
    'without mlock',
    codeOf('openWriter', () => openWriter(directory, { segmentSize: 1024 * 1024 }).close()),
    'none',
  )
}

function permission() {
  mkdirSync(join(folder, 'mine'))
  becomeNobody(folder, join(folder, 'mine'))
  const directory = join(folder, 'mine', 'queue')
  const writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 })
  const observer = openObserver(directory)
  writer.append(1, payload)
  expect('first', observer.next()?.sequence, 0)
  chmodSync(directory, 0o000)
  let refused = 'none'
  for (let count = 0; count < 100 && refused === 'none'; count++)
    refused = codeOf('append without permission', () => writer.append(1, payload))
  expect('append without permission', refused, 'ERR_PERMISSION')
  const { nextSequence } = writer
  codeOf('next without permission', () => observer.poll(1000, () => undefined))
  expect(
    'openWriter without permission',
    codeOf('openWriter', () => openWriter(directory)),
    'ERR_PERMISSION',
  )
  expect(
    'openReader without permission',
    codeOf('openReader', () => openReader(directory, 'r')),
    'ERR_PERMISSION',
  )
  expect(
    'openObserver without permission',
    codeOf('openObserver', () => openObserver(directory)),
    'ERR_PERMISSION',
  )
  expect(
    'inspectQueue without permission',
    codeOf('inspectQueue', () => inspectQueue(directory)),
    'ERR_PERMISSION',
  )
  expect(
    'flushSync without permission',
    codeOf('flushSync', () => writer.flushSync()),
    'none',
  )
  chmodSync(directory, 0o700)
  expect(
    'append afterwards',
    codeOf('append', () => writer.append(1, payload)),
    'none',
  )
  expect('messages', countMessages(directory), nextSequence + 1)
  chmodSync(directory, 0o500)
  expect(
    'readers in a folder that cannot be written',
    codeOf('openReader', () => openReader(directory, 'r')),
    'ERR_PERMISSION',
  )
  expect('messages', countMessages(directory), nextSequence + 1)
  codeOf('close without permission', () => writer.close())
  chmodSync(directory, 0o700)
  expect(
    'openWriter afterwards',
    codeOf('openWriter', () => openWriter(directory).close()),
    'none',
  )
  observer.close()
}

const scenarios = {
  disk,
  turnover: () => turnover(32, amount({ short: 700, long: 2000 })),
  // Room for what is kept and what is prepared: each roll needs what the one before let go.
  'tight turnover': () => turnover(18, 600),
  positions,
  consumed,
  'new queue': newQueue,
  'lost note': lostNote,
  prune,
  'read-only': readOnly,
  descriptors,
  memlock,
  permission,
}
await scenarios[scenario]()
console.log(JSON.stringify(findings))
