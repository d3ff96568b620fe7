import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'
import crc from 'crc-32'
import { readQueue } from '#witness'
import { isAnnouncedDeletion } from '../announced-deletion.js'
import { expectedMessage, isSameMessage } from './expected-message.js'
import { generationOf, type Promises } from './promises.js'

/** Makes a rebuilt directory look as if the machine had been started again. The rebuilt file stands for the one that was there, and is not a copy of it. */
export function changeBootId(queue: string): void {
  const path = join(queue, 'control.meta')
  if (!existsSync(path)) return
  const control = readFileSync(path)
  if (control.length < 48 || control.subarray(32, 48).every((byte) => byte === 0)) return
  recordFile(control, path)
  writeFileSync(path, control.fill(0xb0, 32, 48))
}

/** Records the file that holds the control block, as a writer does, where one had recorded it. */
export function recordFile(control: Buffer, path: string): void {
  if (control.length !== 512 || control.subarray(216, 244).every((byte) => byte === 0)) return
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
    // Where nothing was durable and nothing is left, the queue may go on after what it had counted: no sequence is given out twice.
    const mayBeginAnew = oldest === base && promises.durable <= promises.oldest
    if (!mayBeginAnew && oldest > Math.min(promises.oldest, base))
      broken.push(`begins with sequence ${oldest} instead of ${promises.oldest}`)
    // Then its first message is the next one of every reader.
    const first = mayBeginAnew ? base : 0
    for (const [name, reader] of promises.readers) resume(name, { ...reader, furthest: Math.max(reader.furthest, first) })
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
    const generation = generationOf(promises, sequence)
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

  /** index.meta is a hint that is never synced, and a reader that is not known at the cut had not finished registering: neither is a loss. */
  function checkWithWitness(): void {
    const { problems, records } = readQueue(queue, { payloads: false })
    for (const problem of problems) {
      const { code, file, offset, detail } = problem
      if (file === 'index.meta' || isUnknownReader(file) || isAnnouncedDeletion(queue, problem)) continue
      broken.push(`witness: ${code} ${file} ${offset} ${detail}`)
    }
    if (records.at(-1)?.sequence !== end - 1) broken.push(`witness: the last sequence is ${records.at(-1)?.sequence}`)
  }
}

function describe(error: unknown): string {
  return error instanceof Error
    ? `${error.name} ${error.message}\n${error.stack?.split('\n').slice(1, 6).join('\n')}`
    : String(error)
}
