import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONTROL_FILE, CONTROL_LENGTH, decodeControl, viewOf } from '@chronicle-ts/core/internal'

/** Returns the `queueId` of a queue in hexadecimal digits; `undefined` for queues of the base format, which have none. */
export function queueIdOf(directory: string): string | undefined {
  const bytes = readFileSync(join(directory, CONTROL_FILE))
  if (bytes.length < CONTROL_LENGTH) return undefined
  const { queueId } = decodeControl(viewOf(bytes))
  return queueId.every((byte) => byte === 0) ? undefined : Buffer.from(queueId).toString('hex')
}
