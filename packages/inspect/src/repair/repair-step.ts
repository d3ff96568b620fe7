import type { RecoveryAction } from '@chronicle-ts/core'
import { checkMembers } from '@chronicle-ts/core/internal'
import type { ColdPosition } from '../cold/cold-item.js'

/** One thing that a repair does. Everything is kept: what a step replaces or takes away is in the quarantine folder afterwards. */
export type RepairStep =
  /** Give a segment its header, its length and its seal back; its records stay where they are. */
  | { readonly kind: 'restore-segment'; readonly segmentId: number }
  /** Write a new control block from what the segments show. */
  | { readonly kind: 'rebuild-control' }
  /** Close a segment, so that readers leave it and no writer appends to it again. */
  | { readonly kind: 'seal-segment'; readonly segmentId: number }
  /** Write into the header of a segment what its records are; the old header is kept. */
  | { readonly kind: 'correct-summary'; readonly segmentId: number }
  /** Keep a copy of bytes that are not a record. The bytes themselves stay: the records after them keep their places. */
  | { readonly kind: 'keep-damage'; readonly segmentId: number; readonly offset: number; readonly length: number }
  /** Move a file into the quarantine folder. */
  | { readonly kind: 'set-aside'; readonly file: string }
  /** Give a registered reader another position, if it still stands where it stood when the step was planned. */
  | { readonly kind: 'move-reader'; readonly file: string; readonly from: ColdPosition; readonly to: ColdPosition }
  /** Let a writer open the queue and recover it, as the next one would. */
  | { readonly kind: 'recover' }

export type RepairStepKind = RepairStep['kind']

/** What became of a step. */
export interface RepairOutcome {
  readonly step: RepairStep
  /** `skipped`: there was nothing to do any more, or what the step would change is in use. */
  readonly state: 'done' | 'failed' | 'skipped'
  /** Where the step put what it took out, why it failed, or why it was skipped. */
  readonly detail: string
}

/** What a repair did. Written into the quarantine folder as JSON too. */
export interface RepairReport {
  readonly directory: string
  readonly startedNs: bigint
  readonly outcomes: readonly RepairOutcome[]
  /** What the writer's own recovery found and did. */
  readonly recovery: readonly RecoveryAction[]
  /** Path of the report in the quarantine folder; `undefined` when nothing was done, or the report could not be written. */
  readonly file: string | undefined
}

/** A step in one sentence. */
export function describeRepairStep(step: RepairStep): string {
  checkMembers('step', step, ['kind'], 'a step of planRepairs')
  switch (step.kind) {
    case 'restore-segment':
      return `give segment ${step.segmentId} its header, length and seal back; a copy of it is kept`
    case 'rebuild-control':
      return 'write a new control.meta from what the segments show; the old one is kept'
    case 'seal-segment':
      return `seal segment ${step.segmentId}, so that readers continue in the next one and nothing is appended to it`
    case 'correct-summary':
      return `write into the header of segment ${step.segmentId} what its records are; the old header is kept`
    case 'keep-damage':
      return `keep a copy of ${step.length} damaged bytes at offset ${step.offset} of segment ${step.segmentId}; they stay where they are`
    case 'set-aside':
      return `move ${step.file} into quarantine`
    case 'move-reader':
      return `set the position of ${step.file} to segment ${step.to.segmentId}, offset ${step.to.offset}; the old file is kept`
    case 'recover':
      return 'open the queue as a writer, so that recovery repairs the rest, and close it'
  }
}
