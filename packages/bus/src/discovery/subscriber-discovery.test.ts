import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isQueueError, openReader, openWriter, type QueueReader, type QueueWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { countInotifyWatches } from '../../test/support/inotify-watches.js'
import { temporaryFolder } from '../../test/support/temporary-bus.js'
import { SubscriberDiscovery, type SubscriberDiscoveryOptions, type SubscriberEvent } from './subscriber-discovery.js'

const NEVER_MS = 2 ** 31 - 1
const LOOKS_ONLY = { rescanIntervalMs: NEVER_MS, watch: false }
const opened: { close(): void }[] = []
let folder: string
let queue: string

beforeEach(() => {
  folder = temporaryFolder()
  queue = join(folder, 'bus', 'market_data', 'queue', 'nyse')
})

afterEach(() => {
  for (const handle of opened.splice(0).reverse()) handle.close()
})

function write(...payloads: string[]): QueueWriter {
  const writer = openWriter(queue, { segmentSize: 4096 })
  opened.push(writer)
  for (const payload of payloads) writer.append(1, Buffer.from(payload))
  return writer
}

function subscribe(options: SubscriberDiscoveryOptions = LOOKS_ONLY): SubscriberDiscovery {
  const discovery = new SubscriberDiscovery(queue, 'alpha', options)
  opened.push(discovery)
  return discovery
}

const summary = (event: SubscriberEvent): string => ('reason' in event ? `${event.kind} ${event.reason}` : event.kind)

function look(discovery: SubscriberDiscovery): string[] {
  discovery.rescan()
  return discovery.poll().map(summary)
}

const read = (discovery: SubscriberDiscovery): string | undefined => discovery.reader?.next()?.payload.toString()

describe('SubscriberDiscovery', () => {
  it('connects at once to a queue that is there', () => {
    write('tick')
    const discovery = subscribe()
    expect(discovery.poll().map(summary)).toEqual(['connected'])
    expect(read(discovery)).toBe('tick')
  })

  it.each([
    ['inotify', { rescanIntervalMs: NEVER_MS, watch: true }],
    ['rescans', { rescanIntervalMs: 10, watch: false }],
  ])('waits for a queue whose tree does not exist, and attaches by %s when it appears', async (_, options) => {
    const discovery = subscribe(options)
    expect(discovery.poll().map(summary)).toEqual(['waiting no-queue'])
    await eventually(() => !options.watch || countInotifyWatches() > 0, 'it was watched')
    write('tick')
    await eventually(() => discovery.reader !== undefined, 'it was connected')
    expect(discovery.poll().map(summary)).toEqual(['connected'])
    expect(read(discovery)).toBe('tick')
  })

  it('says once why it waits', () => {
    const discovery = subscribe()
    expect(look(discovery)).toEqual(['waiting no-queue'])
    expect(look(discovery)).toEqual([])
    mkdirSync(queue, { recursive: true })
    writeFileSync(join(queue, 'control.meta'), Buffer.alloc(512))
    expect(look(discovery)).toEqual([])
    rmSync(queue, { recursive: true })
    write()
    expect(look(discovery)).toEqual(['connected'])
  })

  it('waits while another reader has its name, and takes over when that ends', () => {
    write('tick')
    const other = openReader(queue, 'alpha')
    const discovery = subscribe()
    expect(discovery.poll().map(summary)).toEqual(['waiting name-in-use'])
    other.close()
    expect(look(discovery)).toEqual(['connected'])
  })

  it('says what is wrong with a queue that cannot be opened, and goes on trying', () => {
    write('tick').close()
    mkdirSync(join(queue, 'readers'))
    writeFileSync(join(queue, 'readers', 'alpha.meta'), 'x'.repeat(80))
    const discovery = subscribe()
    expect(discovery.poll()).toMatchObject([{ kind: 'waiting', reason: 'error', error: { code: 'ERR_BAD_POSITION' } }])
    expect(look(discovery)).toEqual([])
    rmSync(join(queue, 'readers', 'alpha.meta'))
    expect(look(discovery)).toEqual(['connected'])
  })

  it('refuses a name that no reader can have', () => {
    write()
    expect(() => new SubscriberDiscovery(queue, '../x', LOOKS_ONLY)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', argument: 'name' }),
    )
  })

  it('stays connected when the writer ends or starts again', () => {
    write('one').close()
    const discovery = subscribe()
    expect(discovery.poll().map(summary)).toEqual(['connected'])
    expect(read(discovery)).toBe('one')
    write('two').close()
    expect(look(discovery)).toEqual([])
    expect(read(discovery)).toBe('two')
  })

  it('disconnects when the queue is deleted, lets the rest be read, and attaches to the next queue', () => {
    write('one', 'two').close()
    const discovery = subscribe()
    discovery.poll()
    expect(read(discovery)).toBe('one')
    rmSync(queue, { recursive: true })
    discovery.rescan()
    const [gone] = discovery.poll()
    expect(gone).toMatchObject({ kind: 'disconnected', reason: 'queue-gone' })
    if (gone?.kind !== 'disconnected') return
    expect(discovery.reader).toBeUndefined()
    expect(gone.reader.next()?.payload.toString()).toBe('two')
    write('three')
    expect(look(discovery)).toEqual(['connected'])
    expect(gone.reader.closed).toBe(true)
    expect(read(discovery)).toBe('three')
  })

  it('distinguishes a queue that was replaced from one that is gone', () => {
    write('old').close()
    const discovery = subscribe()
    discovery.poll()
    renameSync(queue, join(folder, 'old'))
    write('new')
    expect(look(discovery)).toEqual(['disconnected queue-replaced'])
    expect(discovery.poll().map(summary)).toEqual(['connected'])
    expect(read(discovery)).toBe('new')
  })

  it('goes on where it had committed when the queue comes back', () => {
    write('one', 'two').close()
    const discovery = subscribe()
    discovery.poll()
    expect(read(discovery)).toBe('one')
    discovery.reader?.commit()
    renameSync(queue, join(folder, 'away'))
    expect(look(discovery)).toEqual(['disconnected queue-gone'])
    expect(discovery.poll().map(summary)).toEqual(['waiting no-queue'])
    renameSync(join(folder, 'away'), queue)
    expect(look(discovery)).toEqual(['connected'])
    expect(read(discovery)).toBe('two')
  })

  it('connects again when its reader is closed or given up', () => {
    write('one')
    const discovery = subscribe()
    discovery.poll()
    discovery.reader?.close()
    expect(look(discovery)).toEqual(['disconnected reader-closed'])
    expect(discovery.poll().map(summary)).toEqual(['connected'])
    const error = new Error('cannot go on')
    discovery.reconnect(error)
    discovery.reconnect(error)
    expect(discovery.poll()).toMatchObject([{ kind: 'disconnected', reason: 'given-up', error }])
    expect(discovery.poll().map(summary)).toEqual(['connected'])
  })

  it('resets its position once, and not when it opens the queue again', () => {
    write('one', 'two')
    const discovery = subscribe({ ...LOOKS_ONLY, reader: { reset: true } })
    expect(read(discovery)).toBe('one')
    discovery.reader?.commit()
    discovery.reconnect()
    discovery.poll()
    expect([look(discovery), read(discovery)]).toEqual([['connected'], 'two'])
  })

  it('delivers events one by one, and ends when the signal aborts', async () => {
    const discovery = subscribe({ rescanIntervalMs: NEVER_MS })
    const controller = new AbortController()
    const told: string[] = []
    for await (const event of discovery.events({ signal: controller.signal })) {
      told.push(summary(event))
      if (told.length === 1) setTimeout(() => write('one').close(), 20)
      if (told.length === 2) setTimeout(() => rmSync(queue, { recursive: true }), 20)
      if (event.kind === 'disconnected') write('two')
      if (told.length === 4) controller.abort()
    }
    expect(told).toEqual(['waiting no-queue', 'connected', 'disconnected queue-gone', 'connected'])
    expect(read(discovery)).toBe('two')
  })

  it('gives everything back at close, which may be repeated', async () => {
    const before = countInotifyWatches()
    write('one')
    const discovery = subscribe({})
    const { reader } = discovery
    await eventually(() => countInotifyWatches() === before + 1, 'it was watched')
    const next = [discovery.events().next(), discovery.events().next()]
    discovery.close()
    discovery.close()
    await discovery[Symbol.asyncDispose]()
    expect((await Promise.all(next)).map(({ done }) => done)).toEqual([false, true])
    expect(reader?.closed).toBe(true)
    expect(countInotifyWatches()).toBe(before)
    expect(() => discovery.poll()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    expect(() => discovery.rescan()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
  })
})

describe('SubscriberDiscovery of a feed whose directory is moved', () => {
  /** Reads everything that the discovery offers, as a subscriber does. */
  function follow(discovery: SubscriberDiscovery, seen: string[]): string[] {
    discovery.rescan()
    const events: string[] = []
    for (let taken = discovery.poll(); taken.length > 0; taken = discovery.poll()) {
      for (const event of taken) {
        events.push(summary(event))
        if (event.kind === 'disconnected') readAll(event.reader, seen)
      }
    }
    if (discovery.reader !== undefined) readAll(discovery.reader, seen)
    return events
  }

  /** A reader of a directory that is not at its path any more ends with a code once it has delivered everything. */
  function readAll(reader: QueueReader, seen: string[]): void {
    try {
      for (let message = reader.next(); message !== undefined; message = reader.next()) seen.push(message.payload.toString())
    } catch (error) {
      if (!isQueueError(error)) throw error
    }
  }

  const away = (): string => join(folder, 'away')

  it('delivers the rest of a feed that was replaced, then all of the new one, and nothing twice', () => {
    const old = write('old 0')
    const seen: string[] = []
    const discovery = subscribe({ ...LOOKS_ONLY, reader: { start: 'latest' } })
    expect(follow(discovery, seen)).toEqual(['connected'])
    old.append(1, Buffer.from('old 1'))
    follow(discovery, seen)
    old.append(1, Buffer.from('old 2'))
    renameSync(queue, away())
    write('new 0', 'new 1').append(1, Buffer.from('new 2'))
    expect(follow(discovery, seen)).toEqual(['disconnected queue-replaced', 'connected'])
    expect(follow(discovery, seen)).toEqual([])
    expect(seen).toEqual(['old 1', 'old 2', 'new 0', 'new 1', 'new 2'])
  })

  it('misses nothing of a feed that appears later, for every start', () => {
    const seen: string[] = []
    const discovery = subscribe({ ...LOOKS_ONLY, reader: { start: 'latest' } })
    expect(follow(discovery, seen)).toEqual(['waiting no-queue'])
    write('new 0', 'new 1')
    expect(follow(discovery, seen)).toEqual(['connected'])
    expect(seen).toEqual(['new 0', 'new 1'])
  })

  it('reports each loss and each return once, and repeats nothing of a directory that comes back', () => {
    const feed = write('0')
    const seen: string[] = []
    const discovery = subscribe()
    expect(follow(discovery, seen)).toEqual(['connected'])
    for (let round = 1; round <= 3; round++) {
      feed.append(1, Buffer.from(`${round} before`))
      renameSync(queue, away())
      feed.append(1, Buffer.from(`${round} away`))
      expect(follow(discovery, seen)).toEqual(['disconnected queue-gone', 'waiting no-queue'])
      expect(follow(discovery, seen)).toEqual([])
      feed.append(1, Buffer.from(`${round} late`))
      renameSync(away(), queue)
      expect(follow(discovery, seen)).toEqual(['connected'])
      expect(follow(discovery, seen)).toEqual([])
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(['0', ...[1, 2, 3].flatMap((round) => [`${round} before`, `${round} away`, `${round} late`])])
  })

  it('reads a queue that was made in the emptied directory of the one before from its first message', () => {
    write('old 0', 'old 1').close()
    const seen: string[] = []
    const discovery = subscribe()
    follow(discovery, seen)
    for (const name of readdirSync(queue)) rmSync(join(queue, name), { recursive: true })
    write('new 0', 'new 1', 'new 2')
    expect(follow(discovery, seen)).toEqual(['disconnected queue-replaced', 'connected'])
    expect(seen).toEqual(['old 0', 'old 1', 'new 0', 'new 1', 'new 2'])
  })

  it('goes on after the last message that was returned when the subscriber closed the reader of a lost queue', () => {
    write('0', '1', '2')
    const discovery = subscribe()
    look(discovery)
    expect(read(discovery)).toBe('0')
    renameSync(queue, away())
    const { reader } = discovery
    expect(look(discovery)).toEqual(['disconnected queue-gone'])
    reader?.close()
    renameSync(away(), queue)
    expect(look(discovery)).toEqual(['connected'])
    expect(read(discovery)).toBe('1')
  })

  it('repeats what was not committed when the subscriber gave its reader up', () => {
    write('0', '1')
    const seen: string[] = []
    const discovery = subscribe()
    follow(discovery, seen)
    discovery.reconnect(new Error('the work failed'))
    expect(follow(discovery, seen)).toEqual(['disconnected given-up', 'connected'])
    expect(seen).toEqual(['0', '1', '0', '1'])
  })
})
