import {
  type ColdPosition,
  type ColdReader,
  type ColdReaderOptions,
  type ColdStart,
  listQueue,
  openColdReader,
} from '@chronicle-ts/inspect'
import { interruptibleTurn } from '../../interruptible.js'
import { TurnClock } from '../../turn-clock.js'
import { type MessageFilter, passesEverything } from './message-filter.js'
import { LOOKING, MessageSearch } from './message-search.js'
import type { TailOptions } from './tail-options.js'

const DEFAULT_LINES = 10

/** Opens a queue where the options say that showing begins. Unless new messages are followed, showing ends at the end that the queue has now: a writer may append faster than they are printed. */
export async function openTail(
  directory: string,
  options: TailOptions,
  { filter, signal }: { filter: MessageFilter; signal: AbortSignal },
): Promise<ColdReader> {
  const start = rangeStart(options)
  const to = options.follow === true ? undefined : 'present'
  if (options.lines === undefined && start !== 'earliest') return await openAt(signal, directory, { from: start, to })
  const lines = options.lines ?? DEFAULT_LINES
  if (passesEverything(options) || lines === 0) return await openAt(signal, directory, { from: { last: lines }, to })
  // Messages are counted back from one end; following continues there.
  using range = await openAt(signal, directory, { from: start, to: 'present' })
  const from = (await positionOfLastMatching(range, lines, { filter, signal })) ?? range.end ?? 'latest'
  return await openAt(signal, directory, { from, to: to && range.end })
}

function openAt(
  signal: AbortSignal,
  directory: string,
  { from, to }: { from: ColdStart; to: ColdReaderOptions['to'] },
): Promise<ColdReader> {
  return interruptibleTurn({ signal }, () => openColdReader(directory, { from, ...(to !== undefined && { to }) }))
}

function rangeStart({ since, fromSequence }: TailOptions): ColdStart {
  if (fromSequence !== undefined) return { sequence: fromSequence }
  return since === undefined ? 'earliest' : { timestampNs: since }
}

interface Search {
  readonly filter: MessageFilter
  readonly signal: AbortSignal
}

/**
 * The n-th message from the end of a range that passes the filter, or the first that does where there are fewer. Reads back segment by segment, only as far as it must and never before the range.
 */
async function positionOfLastMatching(
  { directory, position, end }: ColdReader,
  count: number,
  { filter, signal }: Search,
): Promise<ColdPosition | undefined> {
  const lowest = position.segmentId
  let found: ColdPosition | undefined
  let missing = count
  for (const segmentId of [...listQueue(directory).segmentIds].reverse()) {
    if (segmentId < lowest || missing === 0 || signal.aborted) break
    if (end !== undefined && segmentId > end.segmentId) continue
    const taken = await lastMatchesIn(directory, { segmentId, end, count: missing, filter, signal })
    missing -= taken.length
    found = taken[0] ?? found
  }
  return found
}

/** Positions of the last matches in one segment, at most `count`, oldest first. */
async function lastMatchesIn(
  directory: string,
  { segmentId, end, count, filter, signal }: Search & { segmentId: number; end: ColdPosition | undefined; count: number },
): Promise<ColdPosition[]> {
  const to = end?.segmentId === segmentId ? end : { segmentId: segmentId + 1, offset: 0 }
  using search = new MessageSearch(await openAt(signal, directory, { from: { segmentId }, to }), filter)
  const matches: ColdPosition[] = []
  const turns = new TurnClock()
  while (!signal.aborted) {
    if (turns.isDue) await turns.take()
    if (search.isSearching) await search.settled(signal)
    const item = search.next()
    if (item === undefined) break
    if (item === LOOKING) continue
    if (item.kind === 'record') matches.push({ segmentId, offset: item.offset })
    // Of a segment full of matches only the last are kept.
    if (matches.length >= 2 * count + 1024) matches.splice(0, matches.length - count)
  }
  return matches.slice(-count)
}
