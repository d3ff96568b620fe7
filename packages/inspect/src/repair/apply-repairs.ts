import { lstatSync } from 'node:fs'
import { openWriter, type RecoveryAction } from '@chronicle-ts/core'
import {
  controlExtensionsAreCurrent,
  findSegmentSize,
  parseReaderFileName,
  type QueueDirectory,
  READERS_DIRECTORY,
  setFileAside,
} from '@chronicle-ts/core/internal'
import { readColdControl, soundControl } from '../cold/cold-control.js'
import { inspectQueue } from '../cold/inspect-queue.js'
import { correctSummary } from './correct-summary.js'
import { keepDamage } from './keep-damage.js'
import { keepReadersAhead } from './keep-readers-ahead.js'
import { StepSkipped } from './locked-reader.js'
import { moveReader } from './move-reader.js'
import type { RepairOutcome, RepairStep } from './repair-step.js'
import { replaceControl } from './replace-control.js'
import { restoreSegment, sealSegment } from './restore-segment.js'
import { setReaderAside } from './set-reader-aside.js'

/** A step that the holder of the writer lock carries out. */
export type LockedStep = Exclude<RepairStep, { kind: 'recover' }>

/**
 * Carries out steps, one after the other, while the caller holds the writer lock. A step that fails does not keep the others from being done, but for those that change a
 * segment whose damage could not be kept.
 */
export function applyLockedSteps(directory: QueueDirectory, steps: readonly LockedStep[]): RepairOutcome[] {
  const outcomes: RepairOutcome[] = []
  for (const step of steps) {
    const isUnsafe = 'segmentId' in step && outcomes.some((before) => hasNotKept(before, step.segmentId))
    outcomes.push(isUnsafe ? notKept(step) : attempt(step, () => carryOut(directory, step)))
  }
  return outcomes
}

/** Whether the outcome is that damage, of this segment or of any, could not be kept, on a full disk for instance. */
export function hasNotKept({ step, state }: RepairOutcome, segmentId?: number): boolean {
  if (step.kind !== 'keep-damage' || state !== 'failed') return false
  return segmentId === undefined || step.segmentId === segmentId
}

/** The outcome of a step that would change what could not be kept. */
export function notKept(step: RepairStep): RepairOutcome {
  return { step, state: 'skipped', detail: 'the copy to the quarantine failed' }
}

/** Lets a writer open the queue and recover it, while the caller does not hold the lock. What the recovery did is added to `recovery`. */
export function applyRecovery(directory: QueueDirectory, recovery: RecoveryAction[]): RepairOutcome {
  return attempt({ kind: 'recover' }, () => {
    const kept = keepReadersAhead(directory)
    const done = recover(directory.path, recovery)
    return kept.length === 0 ? done : `${done}; old positions are kept as ${kept.join(', ')}`
  })
}

function attempt(step: RepairStep, work: () => string | undefined): RepairOutcome {
  try {
    const detail = work()
    return detail === undefined ? { step, state: 'skipped', detail: 'there was nothing to do' } : { step, state: 'done', detail }
  } catch (error) {
    const state = error instanceof StepSkipped ? 'skipped' : 'failed'
    return { step, state, detail: error instanceof Error ? error.message : String(error) }
  }
}

/** Does one step, if it is still to be done; `undefined` when it is not. */
function carryOut(directory: QueueDirectory, step: LockedStep): string | undefined {
  switch (step.kind) {
    case 'restore-segment':
      return `kept as ${restoreSegment(directory, step.segmentId, segmentSizeOf(directory))}`
    case 'seal-segment':
      return sealSegment(directory, step.segmentId) ? 'sealed' : undefined
    case 'correct-summary':
      return `the old header is kept as ${correctSummary(directory, step.segmentId)}`
    case 'rebuild-control': {
      const keptAt = replaceControl(directory)
      return keptAt === undefined ? 'made' : `made; the old one is kept as ${keptAt}`
    }
    case 'keep-damage': {
      const keptAt = keepDamage(directory, step)
      return keptAt === undefined ? undefined : `copied to ${keptAt}`
    }
    case 'set-aside':
      return setAside(directory, step.file)
    case 'move-reader':
      return `the old file is kept as ${moveReader(directory, step)}`
  }
}

function setAside(directory: QueueDirectory, file: string): string | undefined {
  const found = lstatSync(directory.at(file), { throwIfNoEntry: false })
  if (found === undefined) return undefined
  if (found.isFile() && isReaderFile(file)) return `kept as ${setReaderAside(directory, file)}`
  return `kept as ${setFileAside(directory, file)}`
}

function isReaderFile(file: string): boolean {
  const [folder, name = ''] = file.split('/')
  return folder === READERS_DIRECTORY && parseReaderFileName(name) !== undefined
}

/** Without a sound control block the size that the one will say which is rebuilt after this step. */
function segmentSizeOf(directory: QueueDirectory): number {
  const { segmentSize = 0, controlIsValid } = inspectQueue(directory.self)
  return controlIsValid ? segmentSize : (findSegmentSize(directory) ?? 0)
}

function recover(directory: string, recovery: RecoveryAction[]): string {
  const said = nextSequenceIn(directory)
  const writer = openWriter(directory)
  const { nextSequence } = writer
  recovery.push(...writer.recovery)
  writer.close()
  const cases = recovery.map((action) => action.case)
  const corrected = said === undefined || said === nextSequence ? '' : `; the next sequence is ${nextSequence} instead of ${said}`
  return `${cases.length === 0 ? 'nothing was left to recover' : `recovered: ${cases.join(', ')}`}${corrected}`
}

/** What control.meta says, for the report: recovery corrects it. */
function nextSequenceIn(directory: string): number | undefined {
  const block = soundControl(readColdControl(directory))
  return block !== undefined && controlExtensionsAreCurrent(block) ? block.nextSequence : undefined
}
