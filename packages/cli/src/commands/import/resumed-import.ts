import { isQueueError } from '@chronicle-ts/core'
import { type ColdReader, inspectQueue, openColdReader } from '@chronicle-ts/inspect'
import { UsageError } from '../../command-error.js'
import { isSameContext } from './import-context.js'
import type { CompleteMessage } from './import-target.js'

/** Compares an input with what an earlier import of the same input has put into the queue. */
export class ResumedImport {
  #isComplete = false

  private constructor(private readonly reader: ColdReader) {}

  /** Begins at a sequence, or at the first one of the queue; `undefined` when there is no queue yet, so that nothing of the input is in it. */
  static open(queue: string, from: number | true): ResumedImport | undefined {
    try {
      const { first: firstRecord, head } = inspectQueue(queue, { segmentLimit: 2, quick: true })
      const first = firstRecord?.sequence
      const next = head.nextSequence
      // Nothing would be compared, and everything appended a second time.
      if (from !== true && next !== undefined && from > next)
        throw new UsageError(`no import began at sequence ${from}: the next message of the queue has sequence ${next}`)
      if (from !== true && first !== undefined && first > from)
        throw new UsageError(
          `the queue begins at sequence ${first}: what was imported from ${from} on cannot be compared any more`,
        )
      return new ResumedImport(openColdReader(queue, { from: from === true ? 'earliest' : { sequence: from }, to: 'present' }))
    } catch (error) {
      // An import that failed when it made the queue leaves its directory.
      if (isQueueError(error, 'ERR_NOT_FOUND') || isQueueError(error, 'ERR_NOT_A_QUEUE')) return undefined
      throw error
    }
  }

  /** Whether the queue's next message is this one; `missing` when it has no more. */
  compare({ typeId, payload, timestampNs, schemaVersion, context }: CompleteMessage): 'same' | 'different' | 'missing' {
    while (!this.#isComplete) {
      const item = this.reader.next()
      if (item === undefined) break
      if (item.kind === 'problem')
        throw new UsageError(`the queue is damaged, so that it cannot be compared: ${item.problem.message}`)
      if (item.kind !== 'record') continue
      const isSame =
        item.typeId === typeId &&
        (timestampNs === undefined || item.timestampNs === timestampNs) &&
        (schemaVersion === undefined || item.schemaVersion === schemaVersion) &&
        (context === undefined || isSameContext(item, context)) &&
        Buffer.compare(item.payload, payload) === 0
      return isSame ? 'same' : 'different'
    }
    // What this import appends from now on is not compared.
    this.#isComplete = true
    return 'missing'
  }

  [Symbol.dispose](): void {
    this.reader.close()
  }
}
