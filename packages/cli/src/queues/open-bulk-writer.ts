import { openWriter, type QueueWriter, type WriterOptions } from '@chronicle-ts/core'

/** What a sync at the end has to write at most, but for what was appended during the sync before it. */
const SYNC_BYTES = 4 * 1024 * 1024

/**
 * Opens a writer for many messages that are to be durable when the command ends. It syncs in the background as it goes on. Otherwise the sync at the end, which no signal
 * interrupts, would have a whole segment to write, and Ctrl-C would take as long.
 *
 * @throws as `openWriter`
 */
export function openBulkWriter(queue: string, options: Pick<WriterOptions, 'segmentSize'> = {}): QueueWriter {
  return openWriter(queue, { ...options, flushPolicy: { everyBytes: SYNC_BYTES } })
}
