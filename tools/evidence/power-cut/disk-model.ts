import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Random } from '../random.js'
import {
  type NameChange,
  namesAfter,
  PAGE_LENGTH,
  type RecordedFile,
  type Recording,
  SECTOR_LENGTH,
  versionAt,
} from './recording.js'

/** How much of what was not synced a crash state takes over: most interesting are the extremes and mixtures. */
interface Weather {
  /** Chance that a change of names reached the disk. */
  readonly names: number
  /** Chance that a page reached the disk in its last state, as against one in between or the synced one. */
  readonly pages: number
  /** Chance that the sectors of a page have different ages. */
  readonly torn: number
}

function pickWeather(random: Random): Weather {
  const share = () => random.pick([0, 0, 0.2, 0.5, 0.8, 1, 1])
  return { names: share(), pages: share(), torn: random.pick([0, 0, 0.3, 1]) }
}

/**
 * Writes what the disk may hold when the power is cut after a step. Certain is only what was synced, all else is decided one by one. Each change of names happened or did not.
 * Each page has its synced content or any later one, its sectors each on their own. Each file has its synced length or any later one.
 */
export function buildCrashState(recording: Recording, cut: number, folder: string, random: Random): void {
  const weather = pickWeather(random)
  const survived = recording.changes.filter((change) => change.step <= cut && survives(recording, change, cut, weather, random))
  const folders = new Set(['', '.'])
  mkdirSync(folder, { recursive: true })
  for (const change of survived) {
    if (change.kind !== 'make-directory' || !folders.has(dirname(change.path))) continue
    folders.add(change.path)
    mkdirSync(join(folder, change.path))
  }
  for (const [path, file] of namesAfter(survived)) {
    if (folders.has(dirname(path))) writeFileSync(join(folder, path), contentOnDisk(file, cut, weather, random))
  }
}

function survives(recording: Recording, change: NameChange, cut: number, weather: Weather, random: Random): boolean {
  const isSynced = recording.directorySyncs.some((sync) => {
    return sync.step > change.step && sync.step <= cut && isFolder(sync.path, dirname(change.path))
  })
  return isSynced || random.chance(weather.names)
}

function isFolder(path: string, folder: string): boolean {
  return path === folder || (path === '' && folder === '.')
}

function contentOnDisk(file: RecordedFile, cut: number, weather: Weather, random: Random): Buffer {
  const length = file.lengthAt(pickStep(file.syncedStep(cut), cut, weather, random))
  const bytes = Buffer.alloc(length)
  for (let page = 0; page < length; page += PAGE_LENGTH) {
    const synced = file.syncedStep(cut, page)
    const isTorn = random.chance(weather.torn)
    let step = pickStep(synced, cut, weather, random)
    for (let at = page; at < Math.min(page + PAGE_LENGTH, length); at += SECTOR_LENGTH) {
      if (isTorn) step = pickStep(synced, cut, weather, random)
      versionAt(file.sectors[at / SECTOR_LENGTH], step)?.copy(bytes, at)
    }
  }
  return bytes
}

/** A step between the sync and the cut whose content reached the disk. */
function pickStep(synced: number, cut: number, weather: Weather, random: Random): number {
  if (random.chance(weather.pages)) return cut
  return random.chance(0.5) ? synced : random.integer(synced, cut)
}
