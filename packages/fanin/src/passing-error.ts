import { isQueueError } from '@chronicle-ts/core'

/**
 * Codes whose reason may pass although their category is not `retry`: an administrator corrects a mode, another process gives descriptors back, a disk recovers. System errors that no queue
 * has wrapped are recognized by their own names.
 */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'ERR_PERMISSION',
  'ERR_LIMIT',
  'ERR_IO',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EBUSY',
  'EIO',
])

/** A reader of a replaced queue has delivered everything; what it needs is another reader. */
const FINAL_CODES: ReadonlySet<string> = new Set(['ERR_QUEUE_REPLACED'])

/**
 * Whether the same operation on the same handle may succeed later without a change of the data: no permission, no descriptor, not ready yet. Damage, a closed handle and a
 * replaced queue do not pass.
 */
export function isPassingError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const code = String((error as { readonly code?: unknown }).code)
  if (FINAL_CODES.has(code)) return false
  return PASSING_CODES.has(code) || (isQueueError(error) && error.category === 'retry')
}
