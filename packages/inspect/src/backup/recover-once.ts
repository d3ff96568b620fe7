import { type DirectoryPath, openWriter, type RecoveryAction } from '@chronicle-ts/core'

/** Opens a queue for writing and closes it again. */
export function recoverOnce(directory: DirectoryPath): readonly RecoveryAction[] {
  const writer = openWriter(directory)
  try {
    return [...writer.recovery]
  } finally {
    writer.close()
  }
}
