import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Message, openObserver } from '@chronicle-ts/core'
import { onTestFinished } from 'vitest'

/** A new folder that is removed when the test is over, after the hooks that close what is in it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** What `read` makes of every message of a queue. The message itself is only valid inside of `read`. */
export function messagesOf<T>(directory: string, read: (message: Message) => T): T[] {
  using queue = openObserver(directory, { start: 'earliest' })
  const found: T[] = []
  for (let message = queue.next(); message !== undefined; message = queue.next()) found.push(read(message))
  return found
}
