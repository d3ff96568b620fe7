import { existsSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as errors from './index.js'
import { fromSystemError, isQueueError, QUEUE_ERROR_CODES, QueueError, type QueueErrorCode } from './index.js'

const directory = '/var/lib/queue'
const path = '/var/lib/queue/000000000.q'

/** One of each, with every fact known. */
const samples: Record<QueueErrorCode, QueueError> = {
  ERR_BAD_BLOCK: new errors.BadBlockError({
    directory,
    offset: 64,
    expected: 3,
    found: 5,
    detail: 'its sequence does not follow',
  }),
  ERR_BAD_POSITION: new errors.BadPositionError({ path, reader: 'router', detail: 'no valid slot' }),
  ERR_BAD_SEGMENT: new errors.BadSegmentError({ path, segmentId: 7, detail: 'bad magic' }),
  ERR_BUSY: new errors.BusyError({ handle: 'writer', method: 'append', during: 'a callback' }),
  ERR_CLOSED: new errors.ClosedError({ handle: 'writer', directory }),
  ERR_CORRUPT_RECORD: new errors.CorruptRecordError({ directory, segmentId: 7, offset: 64, detail: 'bad checksum' }),
  ERR_DATA_LOST: new errors.DataLostError({ directory, reader: 'router', from: 10, to: 30 }),
  ERR_FENCED: new errors.FencedError({ directory, term: 1, newTerm: 2 }),
  ERR_INVALID_ARGUMENT: new errors.InvalidArgumentError({ argument: 'segmentSize', value: 5, expected: 'a multiple of 4096' }),
  ERR_IO: new errors.IoError({ path, syscall: 'fsync', errnoName: 'EIO' }),
  ERR_LIMIT: new errors.LimitError({ limit: 'RLIMIT_MEMLOCK', path, syscall: 'mlock' }),
  ERR_LINK: new errors.LinkError({ path }),
  ERR_LOCK_LOST: new errors.LockLostError({ directory, detail: 'writer.lock is another file' }),
  ERR_NOT_A_QUEUE: new errors.NotAQueueError({ directory, detail: 'bad magic' }),
  ERR_NOT_DETERMINISTIC: new errors.NotDeterministicError({
    directory,
    source: 'quotes',
    sourceSequence: 17,
    outputIndex: 0,
    expected: 'type 1, 8 bytes',
    found: 'type 2, 8 bytes',
  }),
  ERR_NOT_DURABLE: new errors.NotDurableError({ directory, sequence: 17 }),
  ERR_NOT_FOUND: new errors.NotFoundError({ path }),
  ERR_NOT_READY: new errors.NotReadyError({ directory, initState: 1, waitedMs: 1000 }),
  ERR_NO_SPACE: new errors.NoSpaceError({ path, length: 4096 }),
  ERR_PERMISSION: new errors.PermissionError({ path, syscall: 'open', errnoName: 'EACCES' }),
  ERR_QUEUE_FULL: new errors.QueueFullError({
    directory,
    limit: 'maxBytes',
    value: 8192,
    waitedMs: 0,
    reason: 'readers have not committed past it',
    readers: ['router', 'audit'],
  }),
  ERR_QUEUE_REPLACED: new errors.QueueReplacedError({ directory, detail: 'its path names another directory', unread: 7 }),
  ERR_READER_ACTIVE: new errors.ReaderActiveError({ directory, reader: 'router', pid: 4711 }),
  ERR_SEGMENT_TRUNCATED: new errors.SegmentTruncatedError({ directory, path, segmentId: 7 }),
  ERR_SEQUENCE_GAP: new errors.SequenceGapError({ directory, segmentId: 7, offset: 64, expected: 3, found: 5 }),
  ERR_SERVER_REFUSED: new errors.ServerRefusedError({ server: 'nats1:4222', detail: 'Authorization Violation' }),
  ERR_SERVER_UNREACHABLE: new errors.ServerUnreachableError({ server: 'nats1:4222', detail: 'connection refused' }),
  ERR_SOURCE_REWRITTEN: new errors.SourceRewrittenError({
    directory,
    source: 'quotes',
    sourceSequence: 17,
    detail: 'it ends before that message',
  }),
  ERR_TOO_LARGE: new errors.TooLargeError({ length: 5000, maxLength: 3968, segmentSize: 4096 }),
  ERR_UNSUPPORTED_VERSION: new errors.UnsupportedVersionError({ path, version: 4, supported: 3 }),
  ERR_WRITER_ACTIVE: new errors.WriterActiveError({ directory, pid: 4711, startTime: 99, sinceMs: 5, how: 'the lock is held' }),
}

const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')
const sections = new Map(
  page
    .split('\n## ')
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
)

const factsOf = (error: QueueError) => Object.keys(error).filter((key) => !['name', 'code', 'category'].includes(key))

describe('docs/errors.md', () => {
  it('has a section for every code', () => {
    expect([...sections.keys()]).toEqual(expect.arrayContaining([...QUEUE_ERROR_CODES]))
  })

  it.each(Object.entries(samples))('names class, category and facts of %s as they are, and says what to do', (code, error) => {
    const section = sections.get(code) ?? ''
    const facts = factsOf(error).map((fact) => `\`${fact}\``)
    expect(section).toContain(`\n\n${error.name}, ${error.category}. Facts: ${facts.join(', ')}.\n\n`)
    expect(section).toContain('\n\nWhat to do: ')
  })
})

describe('an error of a queue', () => {
  it('exists as a class for every code', () => {
    const classes = Object.values(errors).filter((value) => typeof value === 'function' && value.prototype instanceof QueueError)
    expect(new Set(Object.values(samples).map((error) => error.constructor))).toEqual(new Set(classes))
    expect(Object.keys(samples).sort()).toEqual([...QUEUE_ERROR_CODES].sort())
  })

  it.each(Object.entries(samples))('%s carries its code, its class name and its facts in the message', (code, error) => {
    expect(error).toBeInstanceOf(Error)
    expect(error.code).toBe(code)
    expect(error.constructor.name).toBe(error.name)
    for (const fact of factsOf(error)) {
      const value = String(error[fact as keyof QueueError])
      expect(error.message).toMatch(new RegExp(`${fact}=|${value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`))
    }
  })

  it.each([
    ['slow one', 'value="slow one"'],
    ['say "no"', 'value="say \\"no\\""'],
    [5, 'value=5'],
  ])('quotes a text that the caller gave once: %j', (value, words) => {
    expect(new errors.InvalidArgumentError({ argument: 'name', value, expected: 'a name' }).message).toMatch(
      new RegExp(`: argument=name ${words.replaceAll('\\', '\\\\')}$`),
    )
  })

  it('leaves out of its message what is not known', () => {
    const error = new errors.WriterActiveError({ directory, how: 'the lock is held' })
    expect(error.message).toBe('Another writer has this queue open: directory=/var/lib/queue how="the lock is held"')
    expect(error.pid).toBeUndefined()
    expect(new errors.NoSpaceError({}).message).toBe('No space left for the queue')
  })

  it('counts lost messages, as far as it can', () => {
    expect(new errors.DataLostError({ from: 10, to: 30 }).count).toBe(20)
    const unknown = new errors.DataLostError({ from: undefined, to: 30 })
    expect([unknown.from, unknown.count]).toEqual([undefined, undefined])
    expect(unknown.message).toBe('Messages were deleted before this reader read them: to=30')
  })

  it('keeps its cause', () => {
    const cause = new Error('underneath')
    expect(new errors.NotFoundError({ path }, { cause }).cause).toBe(cause)
  })

  it('is distinguished from others, by code too', () => {
    expect(isQueueError(samples.ERR_CLOSED)).toBe(true)
    expect(isQueueError(samples.ERR_CLOSED, 'ERR_CLOSED')).toBe(true)
    expect(isQueueError(samples.ERR_CLOSED, 'ERR_IO')).toBe(false)
    expect([undefined, null, new Error('other'), { code: 'ERR_CLOSED' }].map((error) => isQueueError(error))).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  it.each([
    ['text', '"text"'],
    ['x'.repeat(100), `"${'x'.repeat(80)}..."`],
    [5n, '5n'],
    [Number.NaN, 'NaN'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('odd'), 'Symbol(odd)'],
    [() => 1, 'a function'],
    [[1, 2], 'an array of 2'],
    [new Map(), 'an object of class Map'],
    [Object.create(null), 'an object of class unknown'],
  ])('describes a bad argument in a few words: %#', (value, words) => {
    expect(new errors.InvalidArgumentError({ argument: 'payload', value, expected: 'bytes' }).value).toBe(words)
  })
})

describe('fromSystemError', () => {
  const system = (code: string, more: object = {}) => Object.assign(new Error(`${code}: something`), { code, errno: 1, ...more })

  it.each([
    ['ENOSPC', {}, 'ERR_NO_SPACE'],
    ['EDQUOT', {}, 'ERR_NO_SPACE'],
    ['EACCES', {}, 'ERR_PERMISSION'],
    ['EPERM', {}, 'ERR_PERMISSION'],
    ['EROFS', {}, 'ERR_PERMISSION'],
    ['ENOENT', {}, 'ERR_NOT_FOUND'],
    ['ENOTDIR', {}, 'ERR_NOT_A_QUEUE'],
    ['EIO', {}, 'ERR_IO'],
    ['EAGAIN', {}, 'ERR_IO'],
    ['EAGAIN', { syscall: 'pthread_create' }, 'ERR_LIMIT'],
    ['EMFILE', {}, 'ERR_LIMIT'],
    ['ENFILE', {}, 'ERR_LIMIT'],
    ['EFBIG', {}, 'ERR_LIMIT'],
    ['ENOMEM', {}, 'ERR_LIMIT'],
    ['ENOMEM', { syscall: 'mmap' }, 'ERR_LIMIT'],
    ['EPERM', { syscall: 'mlock' }, 'ERR_LIMIT'],
    ['ENOMEM', { syscall: 'mlock' }, 'ERR_LIMIT'],
    ['EAGAIN', { syscall: 'mlock2' }, 'ERR_LIMIT'],
    ['EMFILE', { syscall: 'inotify_init1' }, 'ERR_LIMIT'],
    ['ENOSPC', { syscall: 'inotify_add_watch' }, 'ERR_LIMIT'],
  ])('turns %s %o into %s', (code, more, expected) => {
    const cause = system(code, more)
    const error = fromSystemError(cause, { path })
    expect(isQueueError(error)).toBe(true)
    expect(error).toMatchObject({ code: expected, cause })
  })

  it.each([
    [122, 'UNKNOWN', { code: 'ERR_NO_SPACE' }],
    [122, 'Unknown system error -122', { code: 'ERR_NO_SPACE' }],
    [37, 'UNKNOWN', { code: 'ERR_IO', errno: -37, errnoName: 'ENOLCK' }],
    [131, 'UNKNOWN', { code: 'ERR_IO', errno: -131, errnoName: 'ERRNO131' }],
  ])('recognizes errno %d, which Node calls %s', (errno, code, expected) => {
    const error = fromSystemError(system(code, { errno: -errno, syscall: 'write' }), { path })
    expect(error).toMatchObject(expected)
  })

  it('names the limit that caused an error of mlock', () => {
    expect(fromSystemError(system('ENOMEM', { syscall: 'mlock' }))).toMatchObject({ limit: 'RLIMIT_MEMLOCK', syscall: 'mlock' })
  })

  it('prefers what the caller knows over what the error says', () => {
    const cause = system('EIO', { path: '/proc/self/fd/7', syscall: 'write' })
    expect(fromSystemError(cause)).toMatchObject({ path: '/proc/self/fd/7', syscall: 'write', errno: -5, errnoName: 'EIO' })
    expect(fromSystemError(cause, { path, syscall: 'pwrite' })).toMatchObject({ path, syscall: 'pwrite' })
    expect(fromSystemError(system('ENOSPC'), { path, length: 4096 })).toMatchObject({ path, length: 4096 })
    expect(fromSystemError(system('ENOENT'))).toMatchObject({ path: 'unknown' })
    expect(fromSystemError(system('ENOTDIR'))).toMatchObject({ directory: 'unknown' })
  })

  it('gives back what is not a system error', () => {
    const others = [
      samples.ERR_CLOSED,
      new TypeError('bad'),
      'text',
      undefined,
      Object.assign(new Error('node'), { code: 'ERR_INVALID_ARG_TYPE' }),
    ]
    for (const other of others) expect(fromSystemError(other)).toBe(other)
  })

  it('understands what node:fs really throws', async () => {
    expect(existsSync('/nowhere/at/all')).toBe(false)
    const missing = await open('/nowhere/at/all').catch((error: unknown) => error)
    expect(fromSystemError(missing)).toMatchObject({ code: 'ERR_NOT_FOUND', path: '/nowhere/at/all' })
    const under = await open('/proc/version/below').catch((error: unknown) => error)
    expect(fromSystemError(under)).toMatchObject({ code: 'ERR_NOT_A_QUEUE' })
  })
})

describe('isQueueError', () => {
  it('knows an error of another copy of this library, and nothing that only looks like one', () => {
    const brand = Symbol.for('chronicle-ts.QueueError')
    class OtherCopy extends Error {
      readonly code = 'ERR_CLOSED'
      readonly [brand] = true
    }
    expect(isQueueError(new OtherCopy())).toBe(true)
    expect(isQueueError(new OtherCopy(), 'ERR_CLOSED')).toBe(true)
    expect(isQueueError(new OtherCopy(), 'ERR_IO')).toBe(false)
    expect(isQueueError(Object.assign(new Error('x'), { code: 'ERR_CLOSED' }))).toBe(false)
  })

  it('narrows to the class of the code', () => {
    const error: unknown = new errors.SequenceGapError({ segmentId: 3, offset: 64, expected: 5, found: 7 })
    if (!isQueueError(error, 'ERR_SEQUENCE_GAP')) throw error
    expectTypeOf(error).toEqualTypeOf<errors.SequenceGapError>()
    expect(error.expected).toBe(5)
    if (isQueueError(error)) expectTypeOf(error.code).toExtend<string>()
    // @ts-expect-error: not a code of a queue
    isQueueError(error, 'ERR_OTHER')
  })
})
