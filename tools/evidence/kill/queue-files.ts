import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The lowest and the highest segment that is there: how many were deleted, and how often the queue has rolled. */
export function segmentRange(directory: string): { readonly lowest: number; readonly highest: number } {
  const ids = readdirSync(directory).flatMap((name) => (/^\d+\.q$/.test(name) ? [Number.parseInt(name, 10)] : []))
  return { lowest: Math.min(...ids), highest: Math.max(...ids) }
}

/** Files that recovery and repair took out of the queue; reports are not among them. */
export function quarantinedCount(directory: string): number {
  const folder = join(directory, 'quarantine')
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('repair.json')).length : 0
}
