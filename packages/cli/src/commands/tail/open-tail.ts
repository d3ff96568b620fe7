import { type ColdPosition, type ColdReader, type ColdStart, listQueue, openColdReader } from '@chronicle-ts/inspect'
import { interruptibleTurn } from '../../interruptible.js'
import { TurnClock } from '../../turn-clock.js'
import { type MessageFilter, passesEverything } from './message-filter.js'
import { LOOKING, MessageSearch } from './message-search.js'
import type { TailOptions } from './tail-options.js'

const DEFAULT_LINES = 10

/** Opens a queue where the options say that showing begins. */
export async function openTail(
  directory: string,
  options: TailOptions,
  { filter, signal }: { filter: MessageFilter; signal: AbortSignal },
): Promise<ColdReader> {
  const start = rangeStart(options)
  if (options.lines === undefined && start !== 'earliest') return await openAt(signal, directory, start)
  const lines = options.lines ?? DEFAULT_LINES
  if (passesEverything(options) || lines === 0) return await openAt(signal, directory, { last: lines })
  const position = await positionOfLastMatching(directory, lines, { filter, start, signal })
  return await openAt(signal, directory, position ?? 'latest')
}

function openAt(signal: AbortSignal, directory: string, from: ColdStart): Promise<ColdReader> {
  return interruptibleTurn({ signal }, () => openColdReader(directory, { from }))
}

function rangeStart({ since, fromSequence }: TailOptions): ColdStart {
  if (fromSequence !== undefined) return { sequence: fromSequence }
  return since === undefined ? 'earliest' : { timestampNs: since }
}

interface SearchRange {
  readonly filter: MessageFilter
  readonly start: ColdStart
  readonly signal: AbortSignal
}

/**
 * The n-th message from the end that passes the filter, or the first that does where there are fewer. Reads back segment by segment, only as far as it must and never
 * before `start`.
 */
async function positionOfLastMatching(
  directory: string,
  count: number,
  { filter, start, signal }: SearchRange,
): Promise<ColdPosition | undefined> {
  using first = await openAt(signal, directory, start)
  const lowest = first.position.segmentId
  let found: ColdPosition | undefined
  let missing = count
  for (const segmentId of [...listQueue(directory).segmentIds].reverse()) {
    if (segmentId < lowest || missing === 0 || signal.aborted) break
    const taken = await lastMatchesIn(directory, { segmentId, count: missing, filter, signal })
    missing -= taken.length
    found = taken[0] ?? found
  }
  return found
}

/** Positions of the last matches in one segment, at most `count`, oldest first. */
async function lastMatchesIn(
  directory: string,
  { segmentId, count, filter, signal }: { segmentId: number; count: number; filter: MessageFilter; signal: AbortSignal },
): Promise<ColdPosition[]> {
  using reader = await openAt(signal, directory, { segmentId })
  const search = new MessageSearch(reader, filter)
  const matches: ColdPosition[] = []
  const turns = new TurnClock()
  while (!signal.aborted) {
    if (turns.isDue || search.isAboutToSearch) await turns.take()
    const item = search.next()
    if (item === undefined || reader.position.segmentId > segmentId + 1) break
    if (item === LOOKING) continue
    if (item.segmentId !== segmentId) break
    if (item.kind === 'record') matches.push({ segmentId, offset: item.offset })
    // Of a segment full of matches only the last are kept.
    if (matches.length >= 2 * count + 1024) matches.splice(0, matches.length - count)
  }
  return matches.slice(-count)
}
