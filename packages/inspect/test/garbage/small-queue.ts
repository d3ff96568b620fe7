import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'
import { recordLength, segmentFileName } from '@chronicle-ts/core/internal'
import type { WrittenMessage } from './damage-probes.js'

const LENGTHS = [0, 1, 63, 64, 200, 700, 5, 1000]

/**
 * A queue as the death of its writer leaves it. It has three segments of 4 KiB with a few messages each, a prepared one, a reader in the middle, and a durable mark in the past. Sync
 * and roll both happened.
 */
export function makeSmallQueue(parent: string): { template: string; messages: WrittenMessage[] } {
  const live = join(parent, 'live')
  const template = join(parent, 'template')
  using writer = openWriter(live, { segmentSize: 4096, heartbeatIntervalMs: 0 })
  for (let number = 0; number < 21; number++) {
    writer.append((number % 5) + 1, Buffer.alloc(LENGTHS[number % LENGTHS.length] ?? 0, number + 1), {
      timestampNs: BigInt(1_000 + number),
    })
    if (number === 9) writer.flushSync()
  }
  using reader = openReader(live, 'known')
  reader.poll(5, () => undefined)
  reader.commit()
  reader.poll(1, () => undefined)
  reader.commit()
  reader.seek({ sequence: 12 })
  // The next segment is prepared in the background.
  while (!existsSync(join(live, segmentFileName(writer.position.segmentId + 1))));
  cpSync(live, template, { recursive: true })
  rmSync(join(template, 'index.meta.tmp'), { force: true })
  return { template, messages: writtenMessages(live) }
}

function writtenMessages(directory: string): WrittenMessage[] {
  const messages: WrittenMessage[] = []
  using observer = openObserver(directory)
  for (let message = observer.next(); message !== undefined; message = observer.next()) {
    const { sequence, segmentId, offset, length } = message
    const file = segmentFileName(segmentId)
    messages.push({ sequence, file, from: offset, to: offset + recordLength(length), payload: message.payload.toString('hex') })
  }
  return messages
}
