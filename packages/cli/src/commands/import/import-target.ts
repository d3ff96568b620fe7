import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { QueueWriter } from '@chronicle-ts/core'
import { CONTROL_FILE } from '@chronicle-ts/core/internal'
import { addRegistry, type CarriedRegistry, checkRegistry } from '../../messages/carried-registry.js'
import { openBulkWriter } from '../../queues/open-bulk-writer.js'
import { requireParent } from '../../queues/require-parent.js'
import type { MessageContext } from './import-context.js'
import type { ImportOptions } from './import-options.js'

/** A message with everything that an append needs. */
export interface CompleteMessage {
  readonly typeId: number
  readonly payload: Uint8Array
  readonly timestampNs: bigint | undefined
  /** Of the type; absent or 0 where the appender gave none. */
  readonly schemaVersion?: number | undefined
  readonly context?: MessageContext | undefined
}

/** The queue that messages are imported into, and what is in it of this import so far. A dry run opens nothing. */
export class ImportTarget {
  /** Messages appended, or read in a dry run. */
  appended = 0
  /** Messages that an earlier import had appended. */
  skipped = 0
  /** Sequence of the first message of this import, when one is in. */
  firstSequence: number | undefined
  readonly written: boolean
  /** Every message before it was on the disk when the queue was closed. */
  #durableSequence = 0
  #writer: QueueWriter | undefined
  #isOpen = false

  /** @param registry of all messages, beside what the input has */
  constructor(
    readonly queue: string,
    private readonly options: ImportOptions,
    private readonly registry?: CarriedRegistry,
  ) {
    this.written = options.yes === true
    if (typeof options.resume === 'number') this.firstSequence = options.resume
  }

  /** Of the messages of the input that are in the queue, those that survive a power loss. Known once the queue is closed. */
  get durable(): number {
    const { firstSequence = this.#durableSequence } = this
    return Math.min(this.appended + this.skipped, Math.max(0, this.#durableSequence - firstSequence))
  }

  /** Takes the lock of a queue that exists before anything is read; one that does not is made for the first message. */
  openExisting(): void {
    if (existsSync(join(this.queue, CONTROL_FILE))) this.open()
  }

  /** Opens the queue, where that was not done yet. Its types stand in it before its first message. */
  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    const { segmentSize } = this.options
    requireParent(this.queue)
    if (this.written) this.#writer = openBulkWriter(this.queue, segmentSize === undefined ? {} : { segmentSize })
    if (this.registry !== undefined) this.takeRegistry(this.registry)
  }

  /**
   * Gives the queue the types and sources of the messages that follow; a dry run only compares.
   *
   * @throws `ERR_SCHEMA_INCOMPATIBLE`, UsageError where the queue has others
   */
  takeRegistry(registry: CarriedRegistry): void {
    if (this.written) addRegistry(this.queue, registry)
    else checkRegistry(this.queue, registry)
  }

  append({ typeId, payload, timestampNs, schemaVersion = 0, context }: CompleteMessage): void {
    const details = { timestampNs, ...(schemaVersion > 0 && { schemaVersion }), ...context }
    const sequence = this.#writer?.append(typeId, payload, details)
    if (sequence !== undefined) this.firstSequence ??= sequence - this.skipped
    this.appended += 1
  }

  /**
   * What is in stays in, durable, however the import ended. The sync leaves the thread to signals: a second Ctrl-C does not wait for a slow disk.
   *
   * @throws QueueError where a sync failed; {@link durable} says what it reached
   */
  async close(): Promise<void> {
    const writer = this.#writer
    if (writer === undefined) return
    try {
      await writer.flush()
    } finally {
      this.#durableSequence = writer.durableSequence
      writer.close()
    }
  }
}
