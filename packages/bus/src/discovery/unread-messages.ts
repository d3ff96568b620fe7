import { listReaders } from '@chronicle-ts/core'
import type { ControlBlock } from '@chronicle-ts/core/internal'
import { type ColdPosition, openColdReader } from '@chronicle-ts/inspect'

/** What a reader has not committed, as far as it was counted. */
export interface UnreadMessages {
  /** `undefined` when it cannot be counted: the first one is damaged, or its writer gave no sequences that go on (the Rust implementation). At least one is there. */
  readonly messages: number | undefined
}

/** Where a reader goes on: `undefined` when the name is not registered, or its file is damaged; reading then begins at the earliest message. */
export function savedPosition(queueDirectory: string, readerName: string): ColdPosition | undefined {
  const position = listReaders(queueDirectory).find(({ name }) => name === readerName)?.position
  return position === undefined || position === 'bad' ? undefined : { segmentId: position.segmentId, offset: position.offset }
}

/**
 * Counts what stands at a position and after it. The sequence of the first message and the control block suffice, so that a handful of system calls do, and a few more for each empty segment.
 * Joins nothing, maps nothing. `undefined`: nothing.
 */
export function countUnread(
  queueDirectory: string,
  from: ColdPosition | undefined,
  control: Pick<ControlBlock, 'nextSequence'>,
): UnreadMessages | undefined {
  using reader = openColdReader(queueDirectory, { from: from ?? 'earliest', checkPayloads: false })
  // Recovery may have left any number of empty segments, which hold padding.
  let item = reader.next()
  while (item?.kind === 'padding') item = reader.next()
  if (item === undefined) return undefined
  // Damage where nothing was ever appended is nothing that a reader could miss.
  if (item.kind === 'problem') return control.nextSequence > 0 || from !== undefined ? { messages: undefined } : undefined
  const messages = control.nextSequence - item.sequence
  return { messages: messages > 0 ? messages : undefined }
}
