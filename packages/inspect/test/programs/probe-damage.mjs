// Damages copies of a queue, one after the other, and has every public operation look at each. Prints one line before each damage and one after it, so that a crash or a
// hang names its cause. Arguments: the file with the work to do.
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { listReaders, openObserver, openReader, openWriter, QueueError, removeReader } from '@chronicle-ts/core'
import { decodeControlIdentity, storeControlIdentity } from '@chronicle-ts/core/internal'
import { inspectQueue, openColdReader, repairQueue, verifyQueue } from '@chronicle-ts/inspect'

const { template, scratch, damages, messages } = JSON.parse(readFileSync(process.argv[2], 'utf8'))

let findings = []

/** A value, or the error where it is one of a queue; everything else is a finding. */
function attempt(name, operation) {
  try {
    return { value: operation() }
  } catch (error) {
    if (!(error instanceof QueueError)) findings.push(`${name} threw ${error?.stack ?? error}`)
    return { error }
  }
}

/** What stands in the place of a file and is not one. */
const FOREIGN = {
  missing: () => undefined,
  directory: (path) => mkdirSync(path),
  loop: (path) => symlinkSync(path, path),
  device: (path) => symlinkSync('/dev/zero', path),
  fifo: (path) => execFileSync('mkfifo', [path]),
}

function replaceFiles(directory, files) {
  for (const [name, hex] of Object.entries(files)) {
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    if (hex === null) rmSync(path)
    else writeFileSync(path, Buffer.from(hex, 'hex'))
  }
}

function damage(directory, { file, truncateTo, writes, foreign, files }) {
  if (files !== undefined) return replaceFiles(directory, files)
  const path = join(directory, file)
  if (foreign !== undefined) {
    rmSync(path)
    return FOREIGN[foreign](path)
  }
  if (truncateTo !== undefined) truncateSync(path, truncateTo)
  if (writes === undefined) return
  const fd = openSync(path, 'r+')
  for (const { offset, hex } of writes) writeSync(fd, Buffer.from(hex, 'hex'), 0, hex.length / 2, offset)
  closeSync(fd)
}

/** What the handle is used for; it is closed in every case. */
function use(handle, work) {
  try {
    return work(handle)
  } finally {
    handle.close()
  }
}

/** Every record of a queue whose checksums are right, wherever it stands: `sequence payload`. Nothing else may ever be delivered. */
let sound = new Set()
/** Units of 64 bytes in all segments. No walk that goes forward takes more steps, also where whole segments were copied. */
let blockCount = 0
/** So often may waiting end with nothing to read after it. */
const IDLE_WAITS_MAX = 40

function surveySegments(directory) {
  sound = new Set()
  blockCount = 0
  for (const name of readdirSync(directory).filter((name) => /^\d+\.q$/.test(name))) {
    let bytes
    try {
      const path = join(directory, name)
      if (!statSync(path).isFile()) continue
      bytes = readFileSync(path)
    } catch {
      continue
    }
    blockCount += Math.ceil(bytes.length / 64)
    for (let offset = 64; offset + 64 <= bytes.length; offset += 64) {
      const end = offset + 63 + bytes.readUInt32LE(offset)
      if (
        end < offset + 64 ||
        end > bytes.length ||
        (bytes[offset + 26] & 1 && crc32(bytes.subarray(offset, offset + 32)) !== bytes.readUInt32LE(offset + 32))
      )
        continue
      const payload = bytes.subarray(offset + 64, end)
      if (payload.length > 0 && crc32(payload) !== bytes.readUInt32LE(offset + 28)) continue
      sound.add(`${bytes.readBigUInt64LE(offset + 8)} ${payload.toString('hex')}`)
    }
  }
}

/** Segments whose magic, version, id or length is not what it was: a source that skips damage skips them as a whole. */
function damagedAsWhole(directory) {
  const isSame = (name) => {
    const [was, is] = [join(template, name), join(directory, name)]
    if (!lstatSync(is, { throwIfNoEntry: false })?.isFile()) return false
    const [before, after] = [readFileSync(was), readFileSync(is)]
    return before.length === after.length && before.subarray(0, 12).equals(after.subarray(0, 12))
  }
  return new Set(readdirSync(template).filter((name) => name.endsWith('.q') && !isSame(name)))
}

/** A reader that goes on after a gap gets what stands there, also what was there before: the gap was reported. */
let isMoved = false
const mayRepeat = (name) => isMoved && name !== 'strict'

/** Reads to the end, which must come. Every message must be one that was written, in order, with its bytes. */
function drain(name, source, hoped, sequences = []) {
  let last = -1
  let idleWaits = 0
  for (let step = 0; step < blockCount + IDLE_WAITS_MAX && idleWaits < IDLE_WAITS_MAX; step++) {
    const message = source.next()
    if (message === undefined) {
      idleWaits++
      // What stands in front of a segment that its writer did not seal asks for a moment whether there is a writer.
      if (sequences.length >= hoped || source.wait({ timeoutMs: 60 }) === 'timeout') return sequences
      continue
    }
    idleWaits = 0
    // Zeros over the header of an empty message leave what a writer of the base format writes for its first one: no checksum distinguishes the two.
    if (message.flags === 0 && message.length === 0 && message.sequence === 0 && message.timestampNs === 0n) continue
    const { sequence } = message
    if (sequence <= last && !mayRepeat(name)) findings.push(`${name}: sequence ${sequence} behind ${last}`)
    if (!sound.has(`${sequence} ${message.payload.toString('hex')}`)) findings.push(`${name}: ${sequence} is on no disk`)
    last = sequence
    sequences.push(sequence)
  }
  findings.push(`${name}: never ended`)
  return sequences
}

function readAll(name, directory, { onCorrupt, hoped }) {
  const sequences = []
  let counted = 0
  const { error } = attempt(name, () =>
    use(openObserver(directory, { onCorrupt }), (source) => {
      drain(name, source, hoped, sequences)
      counted = source.metrics().corruptSkipped
    }),
  )
  attempt(`${name}: seeking`, () =>
    use(openObserver(directory, { onCorrupt }), (source) => {
      source.lag()
      source.metrics()
      source.writerStatus()
      for (const start of ['earliest', 'latest', { sequence: 7 }, { timestampNs: 1n }]) source.seek(start)
      source.poll(5, () => undefined)
    }),
  )
  return { sequences, error, counted }
}

function readNamed(directory) {
  attempt('a named reader', () =>
    use(openReader(directory, 'known', { onCorrupt: 'skip', onLost: 'snap' }), (reader) => {
      drain('a named reader', reader, 0)
      reader.commit({ durable: true })
      reader.lag()
    }),
  )
  attempt('a new reader', () =>
    use(openReader(directory, 'new', { start: { sequence: 3 } }), (reader) => {
      reader.poll(3, () => undefined)
      reader.commit()
    }),
  )
}

function lookCold(directory) {
  attempt('inspectQueue', () => inspectQueue(directory))
  attempt('listReaders', () => listReaders(directory))
  attempt('a cold reader', () =>
    use(openColdReader(directory), (reader) => {
      let items = 0
      for (const _ of reader) if (++items > 1000) throw new Error('the cold reader never ended')
    }),
  )
  attempt('verifyQueue', () =>
    use(verifyQueue(directory), (verification) => {
      for (let steps = 0; verification.step(); steps++) if (steps > 1000) throw new Error('verification never ended')
    }),
  )
}

/** Whether a message that was there before the damage stands in its place. */
function isUntouched(directory, sequence) {
  const { file, from, to } = messages.find((message) => message.sequence === sequence) ?? {}
  // Recovery may have set the file aside.
  if (file === undefined || !existsSync(join(directory, file))) return false
  const [now, then] = [directory, template].map((queue) => readFileSync(join(queue, file)).subarray(from, to))
  return now.equals(then)
}

/** Appends after the recovery; what could be read before must be readable still, and what is appended too. */
function goOnWriting(directory, before, { mayHide, misleads }) {
  const written = attempt('a writer', () =>
    use(openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 }), (writer) => {
      const first = writer.nextSequence
      for (let count = 0; count < 20; count++) writer.append(3, Buffer.alloc(200, count))
      writer.flushSync()
      return { first, end: writer.nextSequence, recovery: writer.recovery.map((action) => action.case) }
    }),
  ).value
  if (written === undefined) return
  surveySegments(directory)
  const after = readAll('after recovery', directory, { onCorrupt: 'skip', hoped: before.length + 20 })
  const have = new Set(after.sequences)
  // After a record in a wrong place a skipping reader takes its sequence, and what follows later may be nearer to that than a good one: then the bytes count.
  const lost = before.filter((sequence) => !have.has(sequence) && !(misleads && isUntouched(directory, sequence)))
  const expected = Array.from({ length: written.end - written.first }, (_, index) => written.first + index)
  const missing = expected.filter((sequence) => !have.has(sequence))
  const how = `${written.recovery.join(', ')}; ${after.error?.message ?? 'no error'}`
  // Two faults at once may look like a tail that a power cut tore: it is cut, kept and reported.
  const isTold = mayHide && written.recovery.length > 0
  if (lost.length > 0 && after.error === undefined && !isTold) findings.push(`recovery lost ${lost.join(' ')} (${how})`)
  // A signed record with a sequence that no writer gave out: a reader that goes on after it and meets damage takes everything lower for old.
  const isMisled = [...sound].some((record) => Number.parseInt(record, 10) >= written.end)
  if (missing.length > 0 && after.error === undefined && !isMisled)
    findings.push(`appended and not readable: ${missing.join(' ')} (${how})`)
}

/** Records the file that holds the control block: readers of a copy do not rely on what its control block says of the segments. */
function standForTheOriginal(directory) {
  const path = join(directory, 'control.meta')
  const control = readFileSync(path)
  const recorded = decodeControlIdentity(control, crc32)
  if (recorded === undefined || recorded === 'bad') return
  const { dev, ino } = statSync(path, { bigint: true })
  storeControlIdentity(control, { device: dev, inode: ino, birthNs: 0n }, crc32)
  const fd = openSync(path, 'r+')
  writeSync(fd, control, 0, control.length, 0)
  closeSync(fd)
}

function probe(work) {
  const directory = join(scratch, 'queue')
  cpSync(template, directory, { recursive: true })
  standForTheOriginal(directory)
  damage(directory, work)
  surveySegments(directory)
  isMoved = work.files !== undefined
  const hurt = new Set(work.hurt)
  const whole = messages.map((message) => message.sequence).filter((sequence) => !hurt.has(sequence))
  lookCold(directory)
  const strict = work.writerOnly
    ? { sequences: [] }
    : readAll('strict', directory, { onCorrupt: 'strict', hoped: messages.length })
  if (
    !work.writerOnly &&
    strict.error === undefined &&
    strict.sequences.length < messages.length &&
    !work.mayHide &&
    !work.losesBeginning
  )
    findings.push(`strict: silently ended after ${strict.sequences.length} of ${messages.length}`)
  const skip = work.writerOnly ? { sequences: [] } : readAll('skip', directory, { onCorrupt: 'skip', hoped: whole.length })
  const have = new Set(skip.sequences)
  const missed = whole.filter((sequence) => !have.has(sequence))
  // A segment whose header is damaged is skipped as a whole, with the good records in it, and all of them are counted. Of other segments every good record is delivered.
  const passedOver = damagedAsWhole(directory)
  const isPassedOver = (sequence) => passedOver.has(messages.find((message) => message.sequence === sequence).file)
  const isCounted = skip.counted >= messages.filter(({ sequence }) => !have.has(sequence)).length && missed.every(isPassedOver)
  if (!work.writerOnly && skip.error === undefined && missed.length > 0 && !isCounted && !work.mayHide && !work.misleads)
    findings.push(`skip: silently missed ${missed.join(' ')}`)
  if (!work.writerOnly) readNamed(directory)
  goOnWriting(directory, skip.sequences, work)
  attempt('repairQueue', () => repairQueue(directory))
  attempt('removeReader', () => removeReader(directory, 'known'))
  rmSync(directory, { recursive: true, force: true })
  return strict.error?.code ?? 'none'
}

for (const [index, work] of damages.entries()) {
  findings = []
  console.log(JSON.stringify({ begun: index }))
  const code = probe(work)
  console.log(JSON.stringify({ done: index, code, findings }))
}
