import type { DirectoryPath } from '@chronicle-ts/core'
import {
  checkMembers,
  checkOptions,
  GROUP,
  type OptionNames,
  objectWith,
  pathOf,
  pause,
  WRITE_BACK_FAILED,
} from '@chronicle-ts/core/internal'
import { INSPECT_NAMES, type InspectOptions, inspectQueue } from '../cold/inspect-queue.js'
import { type LockTable, readLockTable } from '../cold/lock-table.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import type { QueueProblem } from '../cold/queue-problem.js'
import { judgeReader, type MeasuredReader } from './judge-reader.js'
import { judgeWriter } from './judge-writer.js'
import type { DiskState, DurableState, MeasuredRates, QueueState } from './queue-state.js'
import { countOf, formatRoom, formatSeconds } from './state-text.js'
import { DISK_FREE_SHARE_DEFAULT, judgeLower, judgeUpper, type StateThresholds, thresholdsOfReader } from './state-thresholds.js'
import { type StateCondition, type StateSeverity, stateCondition, worstConditionsFirst } from './state-words.js'
import { type Surroundings, surroundingsOf } from './surroundings.js'

/** Rolling needs room for the next segment, and for the one that is prepared after it. */
const SEGMENTS_AHEAD = 2

/** A reader that works commits within this time after a message that it waited for. */
const SECOND_LOOK_MS = 25

/** What several looks measured; made by a `StateHistory`. */
export interface Measured {
  readonly rates: MeasuredRates
  /** Whether messages were appended within ten seconds. */
  readonly movedLately: boolean
  readonly readers: ReadonlyMap<string, MeasuredReader>
}

export interface StateOptions {
  /** What is still all right. Default: those of the queue's `thresholds.json`, or the defaults of docs/states.md. */
  readonly thresholds?: StateThresholds
  readonly measured?: Measured
  /** The kernel's list of locks that the look had, so that no process is asked twice. Default: read again. */
  readonly locks?: LockTable
  /** @internal Replaces the kernel in tests. */
  readonly surroundings?: Surroundings
}

export const STATE_NAMES: OptionNames<StateOptions> = {
  thresholds: GROUP,
  measured: objectWith('what a StateHistory measured', 'rates', 'readers'),
  locks: INSPECT_NAMES.locks,
  surroundings: true,
}

/**
 * Says what a queue, its writer and each of its readers are doing, from a look at its files and at the processes that hold its locks.
 *
 * @see docs/states.md for every word, when it applies and how much it matters.
 */
export function stateOfQueue(inspection: QueueInspection, options: StateOptions = {}): QueueState {
  checkInspection(inspection)
  checkOptions(options, STATE_NAMES)
  const { measured, thresholds = inspection.thresholds } = options
  const { surroundings = surroundingsOf(inspection, options.locks ?? readLockTable()) } = options
  const writer = judgeWriter(inspection, surroundings, { thresholds, movedLately: measured?.movedLately })
  const readers = inspection.readers.map((reader) =>
    judgeReader(reader, {
      inspection,
      surroundings,
      writer: writer.state,
      thresholds: thresholdsOfReader(thresholds, reader.name),
      measured: measured?.readers.get(reader.name),
    }),
  )
  const durable = durableState(inspection)
  const all = [
    ...problemConditions(inspection.problems.filter(({ acknowledged }) => acknowledged !== true)),
    ...diskConditions(surroundings.disk, inspection, thresholds),
    ...durableConditions(inspection, durable, thresholds),
    ...leaseConditions(inspection, surroundings.leaseRenewedNs ?? null),
    writer.condition,
    ...readers.map(({ condition }) => condition),
  ]
  const conditions = worstConditionsFirst(all.filter(({ severity }) => severity !== 'ok'))
  const [worst = writer.condition] = conditions
  return {
    directory: inspection.directory,
    inspectedNs: inspection.inspectedNs,
    word: worst.word,
    severity: worst.severity,
    writer: writer.state,
    readers: readers.map(({ state }) => state),
    durable,
    disk: surroundings.disk,
    conditions,
    acknowledged: inspection.problems.filter(({ acknowledged }) => acknowledged === true).length,
    measured: measured?.rates ?? null,
  }
}

/**
 * Looks at a queue and says what it, its writer and its readers are doing.
 *
 * @throws NotFoundError, PermissionError, NotAQueueError when the directory itself cannot be listed.
 *
 * @example
 * ```ts
 * const { word, severity, conditions } = inspectState('/var/lib/trades').state
 * ```
 */
export function inspectState(
  place: DirectoryPath,
  options: InspectOptions & StateOptions = {},
): { readonly inspection: QueueInspection; readonly state: QueueState } {
  const directory = pathOf(place)
  checkOptions(options, { ...INSPECT_NAMES, ...STATE_NAMES })
  const first = lookOnce(directory, options)
  const isSuspect = first.state.readers.some(({ word, lag }) => word === 'lagging' && lag.arrivalKnownBy === 'commit')
  if (!isSuspect || options.measured !== undefined) return first
  // A message may have arrived this instant for a reader that committed long ago: such a reader moves on in a moment.
  pause(SECOND_LOOK_MS)
  return lookOnce(directory, options)
}

function lookOnce(directory: string, options: InspectOptions & StateOptions): { inspection: QueueInspection; state: QueueState } {
  const { thresholds, measured, surroundings, locks = readLockTable(), ...looks } = options
  const inspection = inspectQueue(directory, { ...looks, locks })
  const state = stateOfQueue(inspection, {
    locks,
    ...(thresholds !== undefined && { thresholds }),
    ...(measured !== undefined && { measured }),
    ...(surroundings !== undefined && { surroundings }),
  })
  return { inspection, state }
}

function problemConditions(problems: readonly QueueProblem[]): StateCondition[] {
  const conditions: StateCondition[] = []
  const serious = problems.filter(({ severity }) => severity !== 'info')
  // A reader file that is damaged shows at its reader.
  const damage = serious.filter(({ code, file }) => code !== 'CLOCK_AHEAD' && !(code === 'READER_BAD' && file !== undefined))
  const clock = serious.find(({ code }) => code === 'CLOCK_AHEAD')
  const worst = damage.find(({ severity }) => severity === 'critical') ?? damage[0]
  if (worst !== undefined) {
    const others = damage.length > 1 ? ` and ${damage.length - 1} more` : ''
    const severity: StateSeverity = worst.severity === 'critical' ? 'critical' : 'warning'
    conditions.push(stateCondition('QUEUE_DAMAGED', { severity, detail: `${worst.code}${others}` }))
  }
  if (clock !== undefined) conditions.push(stateCondition('CLOCK_AHEAD', { detail: clock.file ?? `segment ${clock.segmentId}` }))
  return conditions
}

function diskConditions(disk: DiskState | null, { segmentSize = 0 }: QueueInspection, limits: StateThresholds): StateCondition[] {
  if (disk === null) return []
  const share = disk.totalBytes === 0 ? null : disk.freeBytes / disk.totalBytes
  const detail = `${formatRoom(disk.freeBytes)} free`
  const isFull = disk.freeBytes < SEGMENTS_AHEAD * segmentSize
  const verdicts = [
    judgeLower(share, limits.diskFreeShare ?? DISK_FREE_SHARE_DEFAULT),
    judgeLower(disk.freeBytes, limits.diskFreeBytes),
  ]
  if (isFull || verdicts.includes('critical')) return [stateCondition('DISK_FULL', { detail })]
  return verdicts.includes('warning') ? [stateCondition('DISK_LOW', { detail })] : []
}

/** Five missed renewals, as the bus counts them. */
const LEASE_EXPIRY_NS = 5_000_000_000n

function leaseConditions({ writer, inspectedNs }: QueueInspection, renewedNs: bigint | null): StateCondition[] {
  if (renewedNs === null) return []
  const age = inspectedNs - renewedNs
  if (writer.alive !== false && age < LEASE_EXPIRY_NS) return []
  const detail = writer.alive === false ? 'its owner is gone' : `not renewed for ${formatSeconds(Number(age) / 1e9)}`
  return [stateCondition('LEASE_EXPIRED', { detail })]
}

function durableState({ durable, head }: QueueInspection): DurableState {
  if (durable === undefined) return { sequence: null, behind: null }
  const { nextSequence } = head
  return {
    sequence: durable.sequence,
    behind: nextSequence === undefined ? null : Math.max(0, nextSequence - durable.sequence),
  }
}

function durableConditions(
  { control, hasExtensions }: QueueInspection,
  { behind }: DurableState,
  { durableBehind }: StateThresholds,
): StateCondition[] {
  const detail = behind === null ? 'never synced' : `${countOf(behind, 'message')} behind`
  if (hasExtensions && control?.writeBack === WRITE_BACK_FAILED) return [stateCondition('SYNC_FAILED', { detail })]
  const severity = judgeUpper(behind ?? (durableBehind === undefined ? 0 : Number.POSITIVE_INFINITY), durableBehind)
  return severity === 'ok' ? [] : [stateCondition('NOT_DURABLE', { severity, detail })]
}

/** @throws `ERR_INVALID_ARGUMENT` for what is not an inspection of a queue */
export function checkInspection(inspection: unknown): void {
  checkMembers('inspection', inspection, ['directory', 'head', 'writer', 'readers', 'problems'], 'what inspectQueue returned')
}
