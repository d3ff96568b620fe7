import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openWriter, type QueueWriter, type WriterOptions } from '../../src/index.js'
import { appendNumbered } from './messages.js'
import { temporaryDirectory } from './temporary.js'

export interface NewQueue {
  readonly directory: string
  readonly writer: QueueWriter
}

/** An open queue of small segments that is removed when the test is over. */
export function newQueue(options: WriterOptions = {}): NewQueue {
  const directory = join(temporaryDirectory(), 'queue')
  return { directory, writer: openWriter(directory, { segmentSize: 4096, ...options }) }
}

/** The same with so many numbered messages. */
export function queueOf(count: number, segmentSize = 4096): NewQueue {
  const queue = newQueue({ segmentSize })
  appendNumbered(queue.writer, 0, count)
  return queue
}

/** The ids of the segment files that are there, in order. */
export function segmentsOf(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => /^\d+\.q$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
}

/** Where message `sequence` stands. */
export function locationOf(directory: string, sequence: number): { segmentId: number; offset: number } {
  using observer = openObserver(directory, { start: { sequence } })
  const message = observer.next()
  if (message?.sequence !== sequence) throw new Error(`no message ${sequence}`)
  return { segmentId: message.segmentId, offset: message.offset }
}
