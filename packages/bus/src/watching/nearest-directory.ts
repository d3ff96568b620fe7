import { dirname } from 'node:path'
import { birthStamp } from '../markers/marker-file.js'

/** An existing directory, with what distinguishes it from another one at the same path. */
export interface ExistingDirectory {
  readonly path: string
  readonly stamp: string
}

/** The directory itself where it exists, else the nearest one above it that does. */
export function nearestDirectory(path: string): ExistingDirectory {
  const stamp = birthStamp(path, 'directory')
  if (stamp !== undefined) return { path, stamp }
  const parent = dirname(path)
  return parent === path ? { path, stamp: '' } : nearestDirectory(parent)
}
