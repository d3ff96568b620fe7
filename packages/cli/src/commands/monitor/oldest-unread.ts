import type { QueueInspection, ReaderInspection } from '@chronicle-ts/inspect'

/** How long the oldest message that a reader has yet to take has been waiting, in nanoseconds; 0n when there is none, `undefined` when it cannot be told. */
export function oldestUnreadNs({ head, inspectedNs }: QueueInspection, { lag }: ReaderInspection): bigint | undefined {
  if (lag === undefined) return undefined
  if (lag.messages === 0 || lag.bytes === 0) return 0n
  if (lag.ns === undefined || head.lastTimestampNs === undefined) return undefined
  const ageNs = inspectedNs - head.lastTimestampNs + lag.ns
  // Writers may give messages times of their own, of the future too.
  return ageNs > 0n ? ageNs : 0n
}

/** Of the reader that lets its messages wait longest; `undefined` without readers that tell. */
export function longestWaitNs(inspection: QueueInspection): bigint | undefined {
  return inspection.readers
    .flatMap((reader) => oldestUnreadNs(inspection, reader) ?? [])
    .reduce<bigint | undefined>((longest, ns) => (longest === undefined || ns > longest ? ns : longest), undefined)
}
