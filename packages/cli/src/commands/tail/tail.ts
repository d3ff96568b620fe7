import { setTimeout as sleep } from 'node:timers/promises'
import type { ColdItem, ColdRecord } from '@chronicle-ts/inspect'
import type { CommandContext } from '../../command-context.js'
import { InterruptedError, UsageError } from '../../command-error.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { openDecoder } from '../../messages/open-decoder.js'
import type { DecodedRecord, RecordDecoder } from '../../messages/record-decoder.js'
import { whereFilter } from '../../messages/where-option.js'
import { TurnClock } from '../../turn-clock.js'
import { messageFilter } from './message-filter.js'
import { messagePrinter, type PrintMessage } from './message-format.js'
import { LOOKING, MessageSearch } from './message-search.js'
import { openTail } from './open-tail.js'
import type { TailOptions } from './tail-options.js'

const DEFAULT_MAX_BYTES = 512
/** Pause between two looks at queues that are at their end: short after a message, longer when nothing comes. */
const SHORTEST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 32

/** Prints messages of these queues until their end, the limit, or, when following, until it is stopped. */
export async function tail(context: CommandContext, queues: readonly string[], options: TailOptions): Promise<number> {
  const sources: TailSource[] = []
  const print = messagePrinter(
    context.output,
    options.format ?? (context.json ? 'json' : 'text'),
    options.maxBytes ?? DEFAULT_MAX_BYTES,
  )
  try {
    for (const queue of queues) {
      const decoder = options.decode === false ? undefined : openDecoder(context, queue)
      const filter = messageFilter(options, byFields(options, decoder))
      const reader = await openTail(queue, options, { filter, signal: context.signal })
      sources.push(new TailSource(queue, { search: new MessageSearch(reader, filter), decoder }, context))
    }
    await printMerged(context, sources, print, options)
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error
    if (!context.signal.aborted) context.interrupt()
  } finally {
    for (const source of sources) source.search.close()
  }
  if (context.interrupted() && options.follow !== true) return EXIT_INTERRUPTED
  return sources.some((source) => source.lossy) ? EXIT_WARNING : EXIT_HEALTHY
}

/** @throws UsageError for --where without decoding */
function byFields({ where }: TailOptions, decoder: RecordDecoder | undefined): ((record: ColdRecord) => boolean) | undefined {
  if (where === undefined) return undefined
  if (decoder === undefined) throw new UsageError('--where needs decoding, which --no-decode turns off')
  return whereFilter(where, decoder)
}

async function printMerged(
  context: CommandContext,
  sources: readonly TailSource[],
  print: PrintMessage,
  options: TailOptions,
): Promise<void> {
  const { output, signal } = context
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  const named = sources.length > 1
  let pauseMs = SHORTEST_PAUSE_MS
  const turns = new TurnClock()
  for (let printed = 0; printed < limit && !signal.aborted; ) {
    if (turns.isDue) await turns.take()
    if (output.noticeClosed()) return
    for (const { record, search } of sources) if (record === undefined && search.isSearching) await search.settled(signal)
    if (signal.aborted) return
    if (output.isFull) await output.drained(signal)
    const source = earliestSource(sources)
    if (source?.record !== undefined) {
      print(source.record, { queue: named ? source.queue : undefined, decoded: source.decode(source.record) })
      source.record = undefined
      printed += 1
      pauseMs = SHORTEST_PAUSE_MS
      continue
    }
    if (source !== undefined) continue
    output.flush()
    if (options.follow !== true || sources.every((one) => one.search.reader.ended)) return
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

/** One queue being shown: its reader and the message that is next. */
class TailSource {
  #hasProblem = false
  record: ColdRecord | undefined

  constructor(
    readonly queue: string,
    private readonly opened: { readonly search: MessageSearch; readonly decoder: RecordDecoder | undefined },
    private readonly context: CommandContext,
  ) {}

  get search(): MessageSearch {
    return this.opened.search
  }

  /** Something could not be read, a message among them that its type's definition does not fit. */
  get lossy(): boolean {
    return this.#hasProblem || (this.opened.decoder?.badCount ?? 0) > 0
  }

  /** The message's fields by the queue's registry. */
  decode(record: ColdRecord): DecodedRecord | undefined {
    return this.opened.decoder?.decode(record)
  }

  /** Looks further; `false` at the queue's present end. Afterwards `record` is set when there is one to show. */
  advance(): boolean {
    const item = this.search.next()
    if (item === undefined) return false
    if (item === LOOKING) return true
    if (item.kind === 'record') this.record = item
    else this.#report(item)
    return true
  }

  #report({ problem }: Extract<ColdItem, { kind: 'problem' }>): void {
    if (problem.severity !== 'info') this.#hasProblem = true
    this.context.output.flush()
    this.context.log.warn({ queue: this.queue, code: problem.code }, problem.message)
  }
}

/**
 * The source whose next message is the oldest, once every source has one or is at its end. A source that was advanced over something else is returned
 * without a record, so that the caller may take a turn; `undefined` when all are at their ends.
 */
function earliestSource(sources: readonly TailSource[]): TailSource | undefined {
  let earliest: TailSource | undefined
  for (const source of sources) {
    if (source.record === undefined && source.advance() && source.record === undefined) return source
    if (source.record === undefined) continue
    if (earliest?.record === undefined || source.record.timestampNs < earliest.record.timestampNs) earliest = source
  }
  return earliest
}
