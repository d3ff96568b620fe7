import { join } from 'node:path'
import { readColdFile } from './cold-file.js'
import type { QueueProblem } from './queue-problem.js'

/** Problems that an operator knows of: doctor writes it, every tool reads it. */
export const ACKNOWLEDGED_FILE = 'acknowledged.json'

const ACKNOWLEDGED_LENGTH_MAX = 16 * 1024 * 1024

/** What identifies a problem that was acknowledged: its code and its place. */
export type AcknowledgedProblem = Pick<QueueProblem, 'code' | 'file' | 'segmentId' | 'offset' | 'count'>

/** The problems that were acknowledged for a queue; none when its file is missing or damaged. */
export function readAcknowledged(directory: string): AcknowledgedProblem[] {
  try {
    const bytes = readColdFile(join(directory, ACKNOWLEDGED_FILE), ACKNOWLEDGED_LENGTH_MAX)
    if (bytes === undefined) return []
    const { problems } = JSON.parse(bytes.toString('utf8')) as { problems?: unknown }
    return Array.isArray(problems) ? problems.filter((problem) => typeof problem === 'object' && problem !== null) : []
  } catch {
    return []
  }
}

/** Marks the problems that were acknowledged. One that has grown since is new. */
export function markAcknowledged(directory: string, problems: readonly QueueProblem[]): QueueProblem[] {
  const known = problems.length === 0 ? [] : readAcknowledged(directory)
  if (known.length === 0) return [...problems]
  const keys = new Set(known.map(keyOf))
  return problems.map((problem) => (keys.has(keyOf(problem)) ? { ...problem, acknowledged: true } : problem))
}

function keyOf({ code, file, segmentId, offset, count }: AcknowledgedProblem): string {
  return JSON.stringify([code, file ?? null, segmentId ?? null, offset ?? null, count ?? null])
}
