import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { onTestFinished } from 'vitest'

/** A fresh folder, in memory where there is such a place, that is removed when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chronicle-replay-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A queue with a message per time, in nanoseconds, whose payload is the time in text. */
export function recordedQueue(timesNs: readonly number[], segmentSize = 4096): string {
  const directory = join(temporaryDirectory(), 'queue')
  using writer = openWriter(directory, { segmentSize, heartbeatIntervalMs: 0 })
  for (const timeNs of timesNs) writer.append(1, Buffer.from(String(timeNs)), { timestampNs: BigInt(timeNs) })
  return directory
}

/** Matches an error with this code. */
export const code = (name: string, facts: object = {}): unknown => ({
  asymmetricMatch: (error: unknown) => matches(error, { code: name, ...facts }),
})

function matches(error: unknown, facts: object): boolean {
  return Object.entries(facts).every(([key, value]) => (error as Record<string, unknown>)[key] === value)
}
