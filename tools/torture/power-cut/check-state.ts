import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'
import crc from 'crc-32'
import { readQueue } from '#witness'
import { expectedMessage, isSameMessage } from './expected-message.js'
import type { Recording } from './recording.js'

/** What a cut must leave, as it was known at the instant of the cut. */
export interface Promises {
  readonly seed: number
  readonly segmentSize: number
  readonly generation: number
  /** First sequence of the second generation; what is below is of the first. */
  readonly base: number
  /** Everything before this sequence survives. */
  readonly durable: number
  /** The oldest message that retention had not begun to delete. */
  readonly oldest: number
  /** By reader: the next message of its last durable commit, and of the furthest commit that it had begun. */
  readonly readers: ReadonlyMap<string, { readonly durable: number; readonly furthest: number }>
}

/** What was known at a cut, from what the process said and what the control block held. */
export function promisesAt(recording: Recording, cut: number, origin: Omit<Promises, 'durable'>): Promises {
  const readers = new Map(origin.readers)
  let durable = 0
  let base = origin.base
  let isOpened = origin.generation === 1
  for (const { step, text } of recording.notes) {
    if (step > cut) break
    const [what, ...facts] = text.split(' ')
    if (what === 'open' && !isOpened) {
      isOpened = true
      base = Number(facts[0])
      // What was lost in the first cut is lost for the readers too.
      for (const [name, { durable, furthest }] of readers)
        readers.set(name, { durable: Math.min(durable, base), furthest: Math.min(furthest, base) })
    }
    if (what === 'durable') durable = Number(facts[0])
    if (what === 'commit') {
      const [name = '', next = ''] = facts
      const known = readers.get(name)
      readers.set(name, { durable: known?.durable ?? 0, furthest: Math.max(known?.furthest ?? 0, Number(next)) })
    }
    if (what === 'durable-commit') {
      const [name = '', next = ''] = facts
      readers.set(name, { durable: Number(next), furthest: readers.get(name)?.furthest ?? 0 })
    }
  }
  const files = recording.filesAt(cut)
  const control = files.get('queue/control.meta')?.bytesAt(cut)
  return {
    ...origin,
    base,
    readers,
    durable: Math.max(durable, control === undefined ? 0 : durableMark(control)),
    oldest: Math.max(origin.oldest, oldestAt(recording, cut)),
  }
}

/** The first sequence of the lowest segment that retention had neither announced, ever, nor deleted. Segments that recovery made tell none. */
function oldestAt(recording: Recording, cut: number): number {
  let announced = 0
  for (const { step, value } of recording.filesAt(cut).get('queue/control.meta')?.sectors[0] ?? [])
    if (step <= cut) announced = Math.max(announced, Number(value.readBigUInt64LE(136)) - 1)
  const segments = [...recording.filesAt(cut)]
    .filter(([path]) => segmentIdOf(path) >= announced)
    .sort(([a], [b]) => segmentIdOf(a) - segmentIdOf(b))
  for (const [, file] of segments) {
    const header = file.bytesAt(cut)
    const firstPlusOne = header.length < 24 ? 0 : Number(header.readBigUInt64LE(16))
    if (firstPlusOne > 0) return firstPlusOne - 1
  }
  return Number.POSITIVE_INFINITY
}

function segmentIdOf(path: string): number {
  const match = /^queue\/(\d+)\.q$/.exec(path)
  return match === null ? -1 : Number(match[1])
}

function durableMark(control: Buffer): number {
  let newest = { generation: -1, sequence: 0 }
  for (const at of [64, 96]) {
    const slot = control.subarray(at, at + 32)
    if (slot.length < 32 || crc.buf(slot.subarray(0, 24)) >>> 0 !== slot.readUInt32LE(24)) continue
    const generation = slot.readUInt32LE(20)
    if (generation > newest.generation) newest = { generation, sequence: Number(slot.readBigUInt64LE(0)) }
  }
  return newest.sequence
}

/** Makes a rebuilt directory look as if the machine had been started again. The rebuilt file stands for the one that was there, and is not a copy of it. */
export function changeBootId(queue: string): void {
  const path = join(queue, 'control.meta')
  if (!existsSync(path)) return
  const control = readFileSync(path)
  if (control.length < 48 || control.subarray(32, 48).every((byte) => byte === 0)) return
  if (control.length === 512 && control.subarray(216, 244).some((byte) => byte !== 0)) recordFile(control, path)
  writeFileSync(path, control.fill(0xb0, 32, 48))
}

/** Records the file that holds the control block, as a writer does. */
function recordFile(control: Buffer, path: string): void {
  const { dev, ino } = statSync(path, { bigint: true })
  control.writeBigUInt64LE(dev, 216)
  control.writeBigUInt64LE(ino, 224)
  control.writeBigUInt64LE(0n, 232)
  const covered = [control.subarray(24, 32), control.subarray(144, 160), control.subarray(216, 240)]
  control.writeUInt32LE(crc.buf(Buffer.concat(covered)) >>> 0, 240)
}

const MARKER_TYPE_ID = 0xfffd

/** Opens a crash state with the library and returns what is wrong with it: nothing, it should be. */
export function checkState(queue: string, promises: Promises): string[] {
  const broken: string[] = []
  const marker = (sequence: number) => Buffer.from(`after the cut ${sequence}`)
  const { segmentSize } = promises
  let base = 0
  let end = 0
  try {
    using writer = openWriter(queue, { segmentSize, heartbeatIntervalMs: 0 })
    base = writer.nextSequence
    for (let count = 0; count < 3; count++) writer.append(MARKER_TYPE_ID, marker(writer.nextSequence))
    writer.roll()
    writer.append(MARKER_TYPE_ID, marker(writer.nextSequence))
    writer.flushSync()
    end = writer.nextSequence
    if (base < promises.durable) broken.push(`goes on with sequence ${base} although ${promises.durable} were durable`)
    const oldest = readAll()
    if (oldest > Math.min(promises.oldest, base)) broken.push(`begins with sequence ${oldest} instead of ${promises.oldest}`)
    for (const [name, reader] of promises.readers) resume(name, reader)
  } catch (error) {
    broken.push(describe(error))
    return broken
  }
  checkWithWitness()
  return broken

  /** Every message from the beginning: its bytes, no gap. Returns the first sequence. */
  function readAll(): number {
    using observer = openObserver(queue, { start: 'earliest' })
    const first = observer.peek()?.sequence ?? end
    let next = first
    observer.poll(Number.POSITIVE_INFINITY, (message) => {
      if (message.sequence !== next) broken.push(`sequence ${message.sequence} stands where ${next} should`)
      if (!isExpected(message)) broken.push(`sequence ${message.sequence} has other bytes than were appended`)
      next = message.sequence + 1
    })
    if (next !== end) broken.push(`ends with sequence ${next} instead of ${end}`)
    return first
  }

  function isExpected(message: { sequence: number; typeId: number; payload: Uint8Array }): boolean {
    const { sequence, typeId, payload } = message
    if (sequence >= base) return typeId === MARKER_TYPE_ID && marker(sequence).equals(payload)
    const generation = promises.generation === 2 && sequence >= promises.base ? 2 : 1
    return isSameMessage(expectedMessage({ seed: promises.seed, generation, segmentSize }, sequence), message)
  }

  function resume(name: string, known: { durable: number; furthest: number }): void {
    try {
      using reader = openReader(queue, name)
      const next = reader.next()?.sequence ?? -1
      const lowest = Math.min(known.durable, base)
      const highest = Math.min(known.furthest, base)
      if (next < lowest) broken.push(`reader ${name} goes on with ${next} although ${lowest} was its durable commit`)
      if (next > highest) broken.push(`reader ${name} goes on with ${next} although it had committed no more than ${highest}`)
      let last = next
      reader.poll(Number.POSITIVE_INFINITY, (message) => {
        if (message.sequence !== last + 1) broken.push(`reader ${name} gets ${message.sequence} after ${last}`)
        last = message.sequence
      })
      if (last !== end - 1) broken.push(`reader ${name} ends with ${last} instead of ${end - 1}`)
      reader.commit({ durable: true })
    } catch (error) {
      broken.push(`reader ${name}: ${describe(error)}`)
    }
  }

  function isUnknownReader(file: string): boolean {
    const name = /^readers\/(.+)\.meta$/.exec(file)?.[1]
    return name !== undefined && !promises.readers.has(name)
  }

  /** index.meta is a hint that is never synced, and a reader that is not known at the cut had not finished registering: nobody's loss. */
  function checkWithWitness(): void {
    const { problems, records } = readQueue(queue, { payloads: false })
    for (const { code, file, offset, detail } of problems)
      if (file !== 'index.meta' && !isUnknownReader(file)) broken.push(`witness: ${code} ${file} ${offset} ${detail}`)
    if (records.at(-1)?.sequence !== end - 1) broken.push(`witness: the last sequence is ${records.at(-1)?.sequence}`)
  }
}

function describe(error: unknown): string {
  return error instanceof Error
    ? `${error.name} ${error.message}\n${error.stack?.split('\n').slice(1, 6).join('\n')}`
    : String(error)
}
