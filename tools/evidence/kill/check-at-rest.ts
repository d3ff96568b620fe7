import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { LOCK_FILE } from '@chronicle-ts/core/internal'
import { inspectLock } from '@chronicle-ts/inspect'
import { readQueue, type WitnessedProblem, type WitnessedQueue, type WitnessedRecord } from '#witness'
import { isAnnouncedDeletion } from '../announced-deletion.js'
import { findDifference } from './expected-message.js'
import type { Ledger } from './ledger.js'

/** What a writer that was killed may leave until the next one opens. */
const LEFT_BY_WRITER = new Set([
  'odd-generation',
  'not-sealed',
  'sealed',
  'bad-summary',
  'bad-write-offset',
  'not-empty',
  'not-zero',
])

/** Names of everything that belongs into a queue that is at rest and settled. Repairs keep their reports and what they replaced. */
const BELONGS = [
  /^quarantine$/,
  /^control\.meta$/,
  /^writer\.lock$/,
  /^index\.meta$/,
  /^\d{9,}\.q$/,
  /^readers$/,
  /^readers\/[a-z]+-\d+\.meta$/,
  /^index$/,
]
const SPARSE_INDEX = /^index\/(\d{9,})\.idx$/
const TEMPORARY = /\.tmp$/
/** Names under which something is made: one segment, one control block, one index. Independent of what else dies, no more of them may be there. */
const TEMPORARY_COUNT_MAX = 3

export interface RestOptions {
  readonly directory: string
  readonly ledger: Ledger
  /** Whether a writer has opened and closed the queue since the last kill. */
  readonly settled: boolean
  /** How many processes were killed so far: each may have left its one in `waitersPending`. */
  readonly kills: number
}

/** Looks at a queue whose writers are all dead, through the eyes of the independent witness. Answers every broken promise. */
export function checkAtRest(options: RestOptions): string[] {
  const { directory, ledger, settled } = options
  const queue = readQueue(directory)
  const broken = [...checkRecords(queue, ledger)]
  for (const problem of queue.problems) {
    if (isLeftByReader(problem) || isAnnouncedDeletion(directory, problem) || (!settled && LEFT_BY_WRITER.has(problem.code)))
      continue
    broken.push(`${problem.code} in ${problem.file} at ${problem.offset}: ${problem.detail}`)
  }
  broken.push(...checkLeftovers(directory))
  if (settled) broken.push(...checkSettled(options, queue))
  return broken
}

/** The dead hold no lock, and what they were making does not pile up. */
function* checkLeftovers(directory: string): Generator<string> {
  const { held, pid, knownBy } = inspectLock(join(directory, LOCK_FILE))
  if (held === true && knownBy === 'proc-locks') yield `the writer's lock is held by process ${pid} although every writer is dead`
  const temporary = namesIn(directory).filter((name) => TEMPORARY.test(name))
  if (temporary.length > TEMPORARY_COUNT_MAX) yield `temporary files pile up: ${temporary.join(', ')}`
}

/** All names below a directory, as paths inside it; what is kept in quarantine is not a leftover. */
function namesIn(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => !name.startsWith('quarantine/'))
}

/** A reader may be killed while it saves, with the other slot valid. */
function isLeftByReader({ code }: WitnessedProblem): boolean {
  return code === 'bad-position-slot'
}

/** Every message whose append returned, once, in order, with its bytes; nothing that was not appended. */
function* checkRecords(queue: WitnessedQueue, ledger: Ledger): Generator<string> {
  const { records } = queue
  const [first, last] = [records[0], records.at(-1)]
  const next = last === undefined ? 0 : sequenceOf(last) + 1
  if (last !== undefined && next < ledger.appended) yield `records end at ${next}, but ${ledger.appended} were appended`
  if (next > ledger.attempted) yield `records end at ${next}, but only ${ledger.attempted} were attempted`
  let expected = first === undefined ? 0 : sequenceOf(first)
  for (const record of records) {
    if (sequenceOf(record) !== expected)
      yield `record ${expected} is missing: found ${record.sequence} in segment ${record.segment}`
    expected = sequenceOf(record) + 1
    const difference = findDifference({
      sequence: sequenceOf(record),
      typeId: record.typeId,
      payload: record.payload ?? Buffer.of(),
    })
    if (difference !== undefined) yield difference
  }
}

function* checkSettled({ directory, kills }: RestOptions, queue: WitnessedQueue): Generator<string> {
  for (const torn of queue.torn) yield `torn bytes are left in segment ${torn.segment} from ${torn.offset} to ${torn.end}`
  const counted = queue.control?.waitersPending ?? 0
  if (counted > kills) yield `waitersPending is ${counted} after ${kills} kills`
  if (queue.control?.writerBlocked !== 0) yield `writerBlocked is ${queue.control?.writerBlocked}`
  for (const name of namesIn(directory)) {
    const segmentId = SPARSE_INDEX.exec(name)?.[1]
    const belongs = segmentId === undefined ? BELONGS.some((pattern) => pattern.test(name)) : hasSegment(directory, segmentId)
    if (!belongs) yield `${name} remains`
  }
}

function hasSegment(directory: string, digits: string): boolean {
  return existsSync(join(directory, `${digits}.q`))
}

function sequenceOf(record: WitnessedRecord): number {
  return Number(record.sequence)
}
