import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isQueueError, openObserver, openReader, openWriter, type QueueWriter } from '@chronicle-ts/core'
import { readQueue } from '#witness'
import { describe, messageOf } from './ledger.js'
import type { QueueCase } from './queue-case.js'

/** Background work that a closed handle left ends soon; longer than this it counts as a leak. A process that has shown one waits less for the next. */
const PATIENCE_MS = 3000
const SHORT_PATIENCE_MS = 100
const PAUSE_MS = 5
let patienceMs = PATIENCE_MS

/** What the process holds of a case: descriptors, mappings, timers and watchers. */
interface Holdings {
  readonly files: readonly string[]
  readonly resources: string
}

/** Timers and watchers of the event loop. Requests come and go with what the process prints. */
export function resourcesNow(): string {
  const kept = process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap|Immediate|.*Req.*)$/.test(name))
  return kept.sort().join(' ')
}

function holdingsOf(folder: string): Holdings {
  const files: string[] = []
  for (const fd of readdirSync('/proc/self/fd')) {
    const target = linkOrNothing(`/proc/self/fd/${fd}`)
    if (target.startsWith(folder)) files.push(`descriptor of ${target.slice(folder.length + 1)}`)
  }
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const at = line.indexOf(folder)
    if (at >= 0) files.push(`mapping of ${line.slice(at + folder.length + 1)}`)
  }
  return { files, resources: resourcesNow() }
}

function linkOrNothing(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Every message that was accepted is there, with its bytes, and nothing else; the writer may be open. */
export function checkRecords(queue: QueueCase, when: string): void {
  const { ledger } = queue
  const { records } = readQueue(queue.directory)
  const first = Number(records[0]?.sequence ?? ledger.next)
  const lowest = Math.min(...[...ledger.positions.values()].map((set) => Math.min(...set)), ledger.next)
  if (first > 0 && (ledger.positions.size === 0 || first > lowest))
    ledger.find(`${when}: the queue begins at sequence ${first}, ${lowest} is still needed`)
  let next = first
  for (const { sequence, typeId, payload } of records) {
    const expected = messageOf(Number(sequence))
    if (sequence !== next) ledger.find(`${when}: sequence ${sequence} follows where ${next} belongs`)
    next = Number(sequence) + 1
    if (!ledger.accepted.has(Number(sequence)))
      ledger.find(`${when}: ${sequence} is in the queue, its append said that it is not`)
    else if (typeId !== expected.typeId || payload?.equals(expected.payload) !== true)
      ledger.find(`${when}: ${sequence} has other bytes than were appended`)
  }
  if (next < ledger.next) ledger.find(`${when}: the queue ends before ${next}, ${ledger.next} messages were accepted`)
}

/** Closes everything. Nothing of the folder stays with the process: no descriptor, mapping, timer, watcher. */
export async function checkClose(queue: QueueCase, resourcesBefore: string): Promise<void> {
  queue.closeAll()
  const deadline = performance.now() + patienceMs
  let held = holdingsOf(queue.folder)
  while ((held.files.length > 0 || held.resources !== resourcesBefore) && performance.now() < deadline) {
    globalThis.gc?.()
    await sleep(PAUSE_MS)
    held = holdingsOf(queue.folder)
  }
  if (performance.now() >= deadline) patienceMs = SHORT_PATIENCE_MS
  for (const what of new Set(held.files)) queue.ledger.find(`after close the process still has a ${what}`)
  if (held.resources !== resourcesBefore)
    queue.ledger.find(`after close the event loop has [${held.resources}] instead of [${resourcesBefore}]`)
}

/** The queue opens, goes on with the next sequence, keeps what it had, and the witness finds nothing wrong with it. */
export async function checkReopen(queue: QueueCase): Promise<void> {
  const { ledger, directory } = queue
  try {
    const writer = await reopen(queue)
    const base = writer.nextSequence
    if (base !== ledger.next) ledger.find(`after reopening the next sequence is ${base}, ${ledger.next} were accepted`)
    for (let sequence = base; sequence < base + 6; sequence++) {
      const { typeId, payload } = messageOf(sequence)
      writer.append(typeId, payload)
      ledger.accept(sequence, sequence + 1)
    }
    writer.flushSync()
    resumeReaders(queue)
    observeAll(queue)
    writer.close()
  } catch (error) {
    ledger.find(`after reopening: ${describe(error)}`)
    return
  }
  checkRecords(queue, 'at the end')
  for (const { code, file, offset, detail } of readQueue(directory, { payloads: false }).problems)
    if (file !== 'index.meta') ledger.find(`witness: ${code} ${file} ${offset} ${detail}`)
  const leftovers = readdirSync(directory).filter((name) => name.endsWith('.tmp'))
  if (leftovers.length > 0) ledger.find(`at the end there is ${leftovers.join(' and ')}`)
}

/** The lock may be held for a moment by jobs that end. */
async function reopen(queue: QueueCase): Promise<QueueWriter> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return openWriter(queue.directory, { segmentSize: 4096, heartbeatIntervalMs: 0 })
    } catch (error) {
      if (!isQueueError(error, 'ERR_WRITER_ACTIVE') || performance.now() > deadline) throw error
      await sleep(PAUSE_MS)
    }
  }
}

function resumeReaders({ ledger, directory }: QueueCase): void {
  for (const [name, allowed] of ledger.positions) {
    try {
      using reader = openReader(directory, name)
      const next = reader.next()?.sequence
      if (next === undefined || !allowed.has(next))
        ledger.find(`reader ${name} goes on with ${next}, its position is ${[...allowed].join(' or ')}`)
    } catch (error) {
      ledger.find(`reader ${name} does not open again: ${describe(error)}`)
    }
  }
}

function observeAll({ ledger, directory }: QueueCase): void {
  using observer = openObserver(directory, { start: 'earliest' })
  let next = observer.peek()?.sequence ?? 0
  observer.poll(Number.POSITIVE_INFINITY, ({ sequence, payload }) => {
    if (sequence !== next) ledger.find(`an observer gets ${sequence} where ${next} belongs`)
    if (!messageOf(sequence).payload.equals(payload))
      ledger.find(`an observer gets other bytes than were appended under ${sequence}`)
    next = sequence + 1
  })
  if (next !== ledger.next) ledger.find(`an observer ends before ${next}, ${ledger.next} were accepted`)
}
