import { join } from 'node:path'
import type { DirectoryPath } from '@chronicle-ts/core'
import { checkArrayOf, pathOf } from '@chronicle-ts/core/internal'
import { codedError } from './coded.js'
import { readColdFile } from './cold-file.js'
import type { QueueProblem } from './queue-problem.js'
import { replaceInTurn } from './replace-in-turn.js'

/** Problems that an operator knows of: doctor writes it, every tool reads it. */
export const ACKNOWLEDGED_FILE = 'acknowledged.json'

const ACKNOWLEDGED_LENGTH_MAX = 16 * 1024 * 1024

/** What identifies a problem that was acknowledged: its code and its place. */
export type AcknowledgedProblem = Pick<QueueProblem, 'code' | 'file' | 'segmentId' | 'offset' | 'count'>

/** The problems that were acknowledged for a queue; none when its file is missing or damaged. */
export function readAcknowledged(directory: DirectoryPath): AcknowledgedProblem[] {
  const path = pathOf(directory)
  try {
    return readStrictly(path)
  } catch {
    return []
  }
}

/** @throws ColdFileError when the file cannot be read: it would be replaced by one that lacks what is in it. */
function readStrictly(directory: string): AcknowledgedProblem[] {
  const bytes = readColdFile(join(directory, ACKNOWLEDGED_FILE), ACKNOWLEDGED_LENGTH_MAX)
  const problems = bytes === undefined ? undefined : parseProblems(bytes.toString('utf8'))
  return Array.isArray(problems) ? problems.filter((problem) => typeof problem === 'object' && problem !== null) : []
}

function parseProblems(text: string): unknown {
  try {
    return (JSON.parse(text) as { problems?: unknown } | null)?.problems
  } catch {
    return undefined
  }
}

/** Marks the problems that were acknowledged. One that has grown since is new. */
export function markAcknowledged(place: DirectoryPath, problems: readonly QueueProblem[]): QueueProblem[] {
  const directory = pathOf(place)
  checkProblems(problems)
  const known = problems.length === 0 ? [] : readAcknowledged(directory)
  if (known.length === 0) return [...problems]
  const keys = new Set(known.map(keyOf))
  return problems.map((problem) => (keys.has(keyOf(problem)) ? { ...problem, acknowledged: true } : problem))
}

/** @throws `InvalidArgumentError` `ERR_INVALID_ARGUMENT`. */
export function checkProblems(problems: unknown): void {
  checkArrayOf('problems', problems, ['code'], 'a problem')
}

function keyOf({ code, file, segmentId, offset, count }: AcknowledgedProblem): string {
  return JSON.stringify([code, file ?? null, segmentId ?? null, offset ?? null, count ?? null])
}

/**
 * Records problems as known, beside those that were acknowledged before. The file is replaced as a whole, and
 * processes that do so at once take turns. `undefined` in the place of the problems withdraws all of it.
 *
 * @returns how many are acknowledged now.
 * @throws PermissionError, NoSpaceError and what the system says otherwise.
 */
export function acknowledgeProblems(place: DirectoryPath, problems: readonly QueueProblem[] | undefined): number {
  const directory = pathOf(place)
  const path = join(directory, ACKNOWLEDGED_FILE)
  if (problems !== undefined) checkProblems(problems)
  let count = 0
  try {
    replaceInTurn(path, () => {
      if (problems === undefined) return undefined
      const known = new Map([...readStrictly(directory), ...problems.map(placeOf)].map((problem) => [keyOf(problem), problem]))
      count = known.size
      return `${JSON.stringify({ schemaVersion: 1, problems: [...known.values()] }, undefined, 2)}\n`
    })
    return count
  } catch (cause) {
    throw codedError(cause, path)
  }
}

function placeOf({ code, file, segmentId, offset, count }: QueueProblem): AcknowledgedProblem {
  return {
    code,
    ...(file !== undefined && { file }),
    ...(segmentId !== undefined && { segmentId }),
    ...(offset !== undefined && { offset }),
    ...(count !== undefined && { count }),
  }
}
