import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { pause } from '../../src/files/pause.js'
import { openWriter } from '../../src/index.js'
import { appendNumbered } from './messages.js'
import { pretendSameFile, readControlFile, segmentFile } from './raw-queue.js'
import { temporaryDirectory } from './temporary.js'

/** Stands for the directory itself, as the death of its writer would leave it. Without the segment that is being prepared meanwhile, which may vanish during the copy. */
export function copyAtRest(directory: string, copy: string): void {
  cpSync(directory, copy, { recursive: true, filter: (path) => !path.endsWith('.tmp') })
  pretendSameFile(copy)
}

/** A queue of `count` messages as the death of its writer leaves it: copied in the middle of the writer's life, with the next segment prepared. */
export function killedQueue(count: number): string {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = openWriter(directory, { segmentSize: 4096 })
  appendNumbered(writer, 0, count)
  writer.flushSync()
  const prepared = segmentFile(directory, readControlFile(directory).currentSegment + 1)
  while (!existsSync(prepared)) pause(1)
  const copy = `${directory}-killed`
  copyAtRest(directory, copy)
  writer.close()
  return copy
}
