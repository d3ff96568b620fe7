import { DataLostError, type MessageSource, QueueReader, SourceRewrittenError } from '@chronicle-ts/core'
import type { ListedSource } from '@chronicle-ts/core/internal'
import type { LastInput } from './output-history.js'
import { queueIdOf } from './queue-id.js'

/** One input, and what the output shows about it. */
export interface PlacedInput {
  readonly registered: ListedSource
  readonly source: MessageSource
  /** Directory of the output, for errors. */
  readonly output: string
  readonly lastInput: LastInput | undefined
}

/**
 * Moves an input to the first message that has to be processed: the last one that has outputs when these are not complete, and otherwise the one after it. Messages after that one that
 * led to no output are run again, and lead to none.
 *
 * @throws {@link SourceRewrittenError} `ERR_SOURCE_REWRITTEN`, {@link DataLostError} `ERR_DATA_LOST`.
 */
export function placeInput(input: PlacedInput): void {
  const { source, lastInput } = input
  if (lastInput === undefined) return
  // A reader's saved position is never before its messages are durably processed, so what is before it is done.
  const saved = source instanceof QueueReader ? (source.peek()?.sequence ?? source.nextSequence) : 0
  const begin = Math.max(lastInput.isFinished ? lastInput.sequence + 1 : lastInput.sequence, saved)
  assertSame(input, lastInput)
  source.seek({ sequence: begin })
  // A queue of which everything was deleted says the sequence of its next message.
  const first = source.peek()?.sequence ?? source.nextSequence
  if (first > begin) throw new DataLostError({ directory: source.directory, from: begin, to: first })
}

/** The message that has the outputs is looked at, where it still exists: it must be the one from which they were made. */
function assertSame(input: PlacedInput, { sequence, epoch }: LastInput): void {
  const { source, registered } = input
  const queueId = queueIdOf(source.directory)
  if (registered.queueId !== queueId && queueId !== undefined)
    throw rewritten(input, sequence, `it was queue ${registered.queueId}, and now it is queue ${queueId}`)
  source.seek({ sequence })
  const message = source.peek()
  if (message === undefined && source.nextSequence <= sequence) throw rewritten(input, sequence, 'it ends before that message')
  if (message?.sequence === sequence && message.writerEpoch !== epoch)
    throw rewritten(
      input,
      sequence,
      `writer ${epoch} appended that message, and now one of writer ${message.writerEpoch} is there`,
    )
}

function rewritten({ output, registered }: PlacedInput, sourceSequence: number, detail: string): SourceRewrittenError {
  return new SourceRewrittenError({ directory: output, source: registered.name, sourceSequence, detail })
}
