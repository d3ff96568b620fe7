import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openObserver, openWriter, type QueueWriter } from '@chronicle-ts/core'
import { onTestFinished } from 'vitest'

/** A fresh folder, in memory where there is such a place, that is removed when the test is over. */
export function temporaryDirectory(): string {
  const { path, remove } = newDirectory()
  onTestFinished(remove)
  return path
}

/** {@link temporaryDirectory} that the caller removes. */
export function newDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chronicle-bridge-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function openSource(directory: string, segmentSize = 4096): QueueWriter {
  return openWriter(directory, { segmentSize, heartbeatIntervalMs: 0, prefault: false })
}

/** Appends messages with everything that a record can carry. */
export function appendSome(writer: QueueWriter, count: number, length = 20): void {
  for (let index = 0; index < count; index++) {
    const number = writer.nextSequence
    const payload = Buffer.alloc(length + (number % 7), number)
    const timestampNs = BigInt(1000 + number)
    if (number % 3 === 0) writer.append(number % 5, payload, { timestampNs })
    else if (number % 3 === 1)
      writer.append(1, payload, {
        timestampNs,
        schemaVersion: 3,
        trace: { traceId: Buffer.alloc(16, 7), spanId: Buffer.alloc(8, 9) },
      })
    else
      writer.append(2, payload, {
        timestampNs,
        source: { sourceSequence: number, sourceId: 1, sourceEpoch: 1, outputIndex: 0, isLastOutput: true },
      })
  }
}

/** What the messages of a queue say, but for where they stand and which writer appended them. */
export function told(directory: string): object[] {
  using observer = openObserver(directory)
  const messages: object[] = []
  for (let message = observer.next(); message !== undefined; message = observer.next()) {
    const { segmentId: _segment, offset: _offset, writerEpoch: _epoch, ...rest } = message.toJSON()
    messages.push(rest)
  }
  return messages
}
