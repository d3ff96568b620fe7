import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { segmentFileName } from '@chronicle-ts/core/internal'
import type { WitnessedProblem } from '#witness'

/**
 * Whether the first segment that the control block names is above the lowest one and is there. That is not damage: a writer names it before it deletes what is below, and was ended in
 * between. The next writer with retention looks at the readers again and puts it right.
 */
export function isAnnouncedDeletion(directory: string, { code, detail }: WitnessedProblem): boolean {
  const [said, found] = detail.split(', found ').map(Number)
  if (code !== 'bad-first-segment' || said === undefined || found === undefined) return false
  return said > found && existsSync(join(directory, segmentFileName(said)))
}
