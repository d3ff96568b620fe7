import { basename } from 'node:path'
import { type QueueDirectory, setBytesAside } from '@chronicle-ts/core/internal'
import { isBefore } from '../cold/find-start.js'
import { inspectQueue } from '../cold/inspect-queue.js'
import { StepSkipped, withLockedReader } from './locked-reader.js'

/** Keeps the files of readers that stand after the end of the queue, because a writer's recovery gives them another position. Returns where they are kept; one that is running keeps its own. */
export function keepReadersAhead(directory: QueueDirectory): string[] {
  const { readers, head } = inspectQueue(directory.self)
  const { segmentId, offset } = head
  if (segmentId === undefined || offset === undefined) return []
  const ahead = readers.filter(({ position }) => position !== undefined && isBefore({ segmentId, offset }, position))
  return ahead.flatMap(({ file }) => keep(directory, file) ?? [])
}

function keep(directory: QueueDirectory, file: string): string | undefined {
  try {
    return withLockedReader(directory, file, ({ bytes }) => setBytesAside(directory, basename(file), bytes))
  } catch (error) {
    if (error instanceof StepSkipped) return undefined
    throw error
  }
}
