import { statSync } from 'node:fs'

/**
 * Does work on a queue as its owner when root was asked to: what root makes, the service that owns the queue could not open any more. Without effect for everybody else.
 */
export async function asOwnerOf<T>(directory: string, work: () => T | Promise<T>): Promise<T> {
  const { uid, gid } = statSync(directory)
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
