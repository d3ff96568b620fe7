import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { CONTROL_FILE } from '@chronicle-ts/core/internal'
import { requireParent } from '../../queues/require-parent.js'
import type { ImportOptions } from './import-options.js'

/** A message with everything that an append needs. */
export interface CompleteMessage {
  readonly typeId: number
  readonly payload: Uint8Array
  readonly timestampNs: bigint | undefined
  /** Of the type; absent or 0 where the appender gave none. */
  readonly schemaVersion?: number | undefined
}

/** The queue that messages are imported into, and what is in it of this import so far. */
export class ImportTarget {
  /** Messages appended, or read in a dry run. */
  appended = 0
  /** Messages that an earlier import had appended. */
  skipped = 0
  /** Sequence of the first message of this import, when one is in. */
  firstSequence: number | undefined
  readonly written: boolean

  constructor(
    readonly queue: string,
    private readonly options: ImportOptions,
  ) {
    this.written = options.yes === true
    if (typeof options.resume === 'number') this.firstSequence = options.resume
  }

  /** Takes the lock of a queue that exists before anything is read; one that does not is made for the first message. */
  openExisting(): QueueWriter | undefined {
    return existsSync(join(this.queue, CONTROL_FILE)) ? this.open() : undefined
  }

  /** `undefined` in a dry run. */
  open(): QueueWriter | undefined {
    const { segmentSize } = this.options
    requireParent(this.queue)
    return this.written ? openWriter(this.queue, segmentSize === undefined ? {} : { segmentSize }) : undefined
  }

  append(writer: QueueWriter | undefined, { typeId, payload, timestampNs, schemaVersion = 0 }: CompleteMessage): void {
    const sequence = writer?.append(typeId, payload, { timestampNs, ...(schemaVersion > 0 && { schemaVersion }) })
    if (sequence !== undefined) this.firstSequence ??= sequence - this.skipped
    this.appended += 1
  }

  close(writer: QueueWriter): void {
    try {
      writer.flushSync()
    } finally {
      writer.close()
    }
  }
}
