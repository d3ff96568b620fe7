import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { monotonicNs } from '@chronicle-ts/cli/bench'
import { openObserver, openWriter } from '@chronicle-ts/core'
import { lowHalf } from '@chronicle-ts/core/internal'
import { type FanInMode, FanInReader } from '@chronicle-ts/fanin'
import type { Figures, Probe, ProbeContext } from '../probe.js'
import { recordLength } from '../record-length.js'

const SOURCE_COUNTS = [1, 2, 16, 128, 1000]
const SEGMENT_SIZE_MIN = 64 * 1024
const SEGMENT_SIZE_MAX = 32 * 1024 * 1024
const PAGE_LENGTH = 4096
const FIRST_TIMESTAMP_NS = 1_700_000_000_000_000_000n
const FIRST_LOW = lowHalf(FIRST_TIMESTAMP_NS)

/** The queues that one measurement merges. */
interface Sources {
  readonly directory: string
  readonly sourceCount: number
  readonly messages: number
}

/** Queues merged into one order, by their number; which of them has the next message is pseudo-random. A plain reader of as many messages goes before them. */
export const fanIn: Probe = {
  name: 'fan-in of 1 to 1,000 queues',
  measure: ({ directory, payloadLength, quick }) => {
    const messages = quick ? 10_000 : 400_000
    const sourceCounts = SOURCE_COUNTS.map((named) => ({ named, sourceCount: quick ? Math.min(named, 20) : named }))
    return Object.assign({}, ...sourceCounts.map((counts) => measure({ directory, payloadLength }, { ...counts, messages })))
  },
}

type FanInContext = Pick<ProbeContext, 'directory' | 'payloadLength'>

/** Nanoseconds a message by the number of queues, after a merge that only warms up. */
export function measureFanIn({
  messages,
  sourceCounts,
  ...context
}: FanInContext & { readonly messages: number; readonly sourceCounts: readonly number[] }): Figures {
  measure(context, { named: 2, sourceCount: 2, messages })
  return Object.assign({}, ...sourceCounts.map((sourceCount) => measure(context, { named: sourceCount, sourceCount, messages })))
}

/** @param sources `named`: the number in the names of the figures */
function measure(
  context: FanInContext,
  { named, sourceCount, messages }: Omit<Sources, 'directory'> & { readonly named: number },
): Figures {
  const directory = join(context.directory, `of-${sourceCount}`)
  mkdirSync(directory)
  try {
    const sources = { directory, sourceCount, messages }
    fill(context, sources)
    const floor = named === 1 ? { fanInReaderNs: read(sources) } : {}
    return {
      ...floor,
      [`fanIn${named}EagerNs`]: merge('eager', sources),
      [`fanIn${named}OrderedNs`]: merge('ordered', sources),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function fill({ payloadLength }: FanInContext, { directory, sourceCount, messages }: Sources): void {
  const share = (messages / sourceCount) * recordLength(payloadLength)
  // Room for twice a source's share, so that it seldom rolls.
  const wanted = PAGE_LENGTH * Math.ceil((2 * share) / PAGE_LENGTH)
  const segmentSize = Math.min(Math.max(wanted, SEGMENT_SIZE_MIN), SEGMENT_SIZE_MAX)
  const writers = Array.from({ length: sourceCount }, (_, index) =>
    openWriter(sourceOf(directory, index), { segmentSize, heartbeatIntervalMs: 0 }),
  )
  const payload = Buffer.alloc(payloadLength, 7)
  let state = 1
  for (let index = 0; index < messages; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    writers[Math.floor((state / 2 ** 32) * sourceCount)]?.append(1, payload, { timestampNs: FIRST_TIMESTAMP_NS + BigInt(index) })
  }
  for (const writer of writers) writer.close()
}

function sourceOf(directory: string, index: number): string {
  return join(directory, `source-${index}`)
}

// The two loops are written out: a callback per message would be part of the figure.

function read({ directory, messages }: Sources): number {
  using observer = openObserver(sourceOf(directory, 0), { start: 'earliest' })
  let count = 0
  const beginNs = monotonicNs()
  for (let next = observer.next(); next !== undefined; next = observer.next()) {
    if (next.timestampLow !== ((FIRST_LOW + count++) | 0)) throw new Error(`out of order at message ${count - 1}`)
  }
  return perMessage(monotonicNs() - beginNs, count, messages)
}

function merge(mode: FanInMode, { directory, sourceCount, messages }: Sources): number {
  using reader = new FanInReader({ mode, ownsSources: true, holdBackMs: Number.POSITIVE_INFINITY })
  for (let index = 0; index < sourceCount; index++) {
    reader.add(`source-${index}`, openObserver(sourceOf(directory, index), { start: 'earliest' }))
  }
  let count = 0
  const beginNs = monotonicNs()
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    // Timestamps count up by one, from any queue.
    if (next.message.timestampLow !== ((FIRST_LOW + count++) | 0)) throw new Error(`out of order at message ${count - 1}`)
  }
  return perMessage(monotonicNs() - beginNs, count, messages)
}

function perMessage(ns: number, count: number, messages: number): number {
  if (count !== messages) throw new Error(`${count} messages instead of ${messages}`)
  return ns / count
}
