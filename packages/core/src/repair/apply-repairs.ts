import { existsSync } from 'node:fs'
import { ColdFile, inspectLock, inspectQueue } from '../cold/index.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { WriterLock } from '../files/writer-lock.js'
import { segmentFileName } from '../format/index.js'
import type { RecoveryAction } from '../recovery/recovery-case.js'
import { setBytesAside, setFileAside } from '../recovery/set-aside.js'
import { openWriter } from '../writer/open-writer.js'
import { mendSegment, sealSegment } from './mend-segment.js'
import { moveReader } from './move-reader.js'
import { rebuildControlFromRecords } from './rebuild-control.js'
import type { RepairOutcome, RepairStep } from './repair-step.js'

/** What one round of steps came to. */
export interface AppliedSteps {
  readonly outcomes: readonly RepairOutcome[]
  /** What the writer's own recovery found and did. */
  readonly recovery: readonly RecoveryAction[]
}

/** Carries out steps under the writer lock, one after the other; a step that fails does not keep the others from being done. */
export function applySteps(directory: string, steps: readonly RepairStep[]): AppliedSteps {
  const outcomes: RepairOutcome[] = []
  const recovery: RecoveryAction[] = []
  using held = QueueDirectory.open(directory)
  const lock = WriterLock.acquire(held)
  try {
    for (const step of steps) if (step.kind !== 'recover') outcomes.push(attempt(step, () => carryOut(held, step)))
  } finally {
    lock.release()
  }
  for (const step of steps) if (step.kind === 'recover') outcomes.push(attempt(step, () => recover(directory, recovery)))
  return { outcomes, recovery }
}

function attempt(step: RepairStep, work: () => string | undefined): RepairOutcome {
  try {
    const detail = work()
    return detail === undefined ? { step, state: 'skipped', detail: 'there was nothing to do' } : { step, state: 'done', detail }
  } catch (error) {
    return { step, state: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}

/** Does one step; `undefined` when somebody else has done it already. */
function carryOut(directory: QueueDirectory, step: Exclude<RepairStep, { kind: 'recover' }>): string | undefined {
  switch (step.kind) {
    case 'mend-segment':
      return `kept as ${mendSegment(directory, step.segmentId, segmentSizeOf(directory.path))}`
    case 'seal-segment':
      return sealSegment(directory, step.segmentId) ? 'sealed' : undefined
    case 'rebuild-control': {
      const keptAt = rebuildControlFromRecords(directory)
      return keptAt === undefined ? 'made' : `made; the old one is kept as ${keptAt}`
    }
    case 'keep-damage':
      return keepDamage(directory, step)
    case 'set-aside':
      return existsSync(directory.at(step.file)) ? `kept as ${setFileAside(directory, step.file)}` : undefined
    case 'move-reader':
      if (inspectLock(directory.at(step.file)).held === true) throw new Error('the reader is running')
      return `the old file is kept as ${moveReader(directory, step.file, step.to)}`
  }
}

function segmentSizeOf(directory: string): number {
  const { segmentSize, controlIsValid, segments } = inspectQueue(directory)
  if (controlIsValid && segmentSize !== undefined) return segmentSize
  return segments.inspected.reduce((most, { length }) => Math.max(most, length), 0)
}

function keepDamage(directory: QueueDirectory, step: { segmentId: number; offset: number; length: number }): string | undefined {
  const { segmentId, offset, length } = step
  const file = ColdFile.open(directory.at(segmentFileName(segmentId)))
  if (file === undefined) return undefined
  try {
    const bytes = Buffer.alloc(length)
    const kept = bytes.subarray(0, file.readAt(bytes, offset))
    return `copied to ${setBytesAside(directory, `segment-${segmentId}-offset-${offset}.bin`, kept)}`
  } finally {
    file.close()
  }
}

function recover(directory: string, recovery: RecoveryAction[]): string {
  const writer = openWriter(directory)
  recovery.push(...writer.recovery)
  writer.close()
  const cases = recovery.map((action) => action.case)
  return cases.length === 0 ? 'nothing was left to recover' : `recovered: ${cases.join(', ')}`
}
