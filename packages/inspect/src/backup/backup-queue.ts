import type { DirectoryPath, RecoveryAction } from '@chronicle-ts/core'
import { checkOptions, FLAG } from '@chronicle-ts/core/internal'
import { type BackupOptions, type BackupReport, QueueBackup } from './queue-backup.js'

/**
 * Copies a queue, also while it is being written, and verifies the copy. For progress and for stopping half way use {@link QueueBackup}.
 *
 * @throws InvalidArgumentError when `target` exists; NotAQueueError; what the system says. Nothing of the target remains then.
 *
 * @example
 * ```ts
 * const { records, readers } = backupQueue('/var/lib/trades', '/backup/trades-2026-11-28')
 * ```
 */
export function backupQueue(source: DirectoryPath, target: DirectoryPath, options: BackupOptions = {}): BackupReport {
  return copyWhole(new QueueBackup(source, target, options))
}

function copyWhole(backup: QueueBackup): BackupReport {
  try {
    while (backup.step());
    return backup.commit()
  } catch (error) {
    backup.abandon()
    throw error
  }
}

export interface RestoreReport extends BackupReport {
  /** What the first open of the restored queue did. */
  readonly recovery: readonly RecoveryAction[]
}

/**
 * Makes a queue from a backup, or from any copy of a queue. Copies and verifies it, and opens it once for writing, so that it is in order for its first user. It gets its name last.
 *
 * @throws as {@link backupQueue}, and what `openWriter` throws.
 */
export function restoreQueue(
  backup: DirectoryPath,
  target: DirectoryPath,
  options: Pick<BackupOptions, 'positions' | 'verify'> = {},
): RestoreReport {
  checkOptions(options, { positions: FLAG, verify: FLAG })
  const work = new QueueBackup(backup, target, { ...options, isRestore: true })
  return { ...copyWhole(work), recovery: work.recovery }
}
