import { type ColdPosition, type ColdReader, type ColdStart, listQueue, openColdReader } from '@chronicle-ts/core'
import type { MessageFilter } from './message-filter.js'
import type { TailOptions } from './tail-command.js'

const DEFAULT_LINES = 10

/** Opens a queue where the options say that showing begins. */
export function openTail(directory: string, options: TailOptions, filter: MessageFilter | undefined): ColdReader {
  const start = rangeStart(options)
  if (options.lines === undefined && start !== 'earliest') return openColdReader(directory, { from: start })
  const lines = options.lines ?? DEFAULT_LINES
  if (filter === undefined || lines === 0) return openColdReader(directory, { from: { last: lines } })
  const position = positionOfLastMatching(directory, lines, filter, start)
  return openColdReader(directory, { from: position ?? 'latest' })
}

function rangeStart({ since, fromSequence }: TailOptions): ColdStart {
  if (fromSequence !== undefined) return { sequence: fromSequence }
  return since === undefined ? 'earliest' : { timestampNs: since }
}

/**
 * The n-th message from the end that passes the filter, or the first that does where there are fewer. Reads back segment by segment, only as far as it must and never
 * before `start`.
 */
function positionOfLastMatching(
  directory: string,
  count: number,
  filter: MessageFilter,
  start: ColdStart,
): ColdPosition | undefined {
  using first = openColdReader(directory, { from: start })
  const lowest = first.position.segmentId
  let found: ColdPosition | undefined
  let missing = count
  for (const segmentId of [...listQueue(directory).segmentIds].reverse()) {
    if (segmentId < lowest || missing === 0) break
    const matches = matchesIn(directory, segmentId, filter)
    const taken = matches.slice(-missing)
    missing -= taken.length
    found = taken[0] ?? found
  }
  return found
}

function matchesIn(directory: string, segmentId: number, filter: MessageFilter): ColdPosition[] {
  using reader = openColdReader(directory, { from: { segmentId } })
  const matches: ColdPosition[] = []
  for (const item of reader) {
    if (item.segmentId !== segmentId) break
    if (item.kind === 'record' && filter(item)) matches.push({ segmentId, offset: item.offset })
  }
  return matches
}
