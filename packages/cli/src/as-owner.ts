import { type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Does work on a queue as its owner when root was asked to: what root makes, the service that owns the queue could not open any more. A queue that is yet to be made belongs to the owner
 * of the directory that it is made in. Without effect for every other user. The work has the owner's rights and no others: what only root may read must be open before.
 */
export async function asOwnerOf<T>(directory: string, work: () => T | Promise<T>): Promise<T> {
  const { uid, gid } = statOfNearest(resolve(directory))
  const isForeign = process.geteuid?.() === 0 && uid !== 0
  if (!isForeign) return await work()
  const ownGid = process.getegid?.() ?? 0
  process.setegid?.(gid)
  process.seteuid?.(uid)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(ownGid)
  }
}

/** Of the directory, or of the nearest one above it that exists. */
function statOfNearest(path: string): Stats {
  const parent = dirname(path)
  return statSync(path, { throwIfNoEntry: parent === path }) ?? statOfNearest(parent)
}
