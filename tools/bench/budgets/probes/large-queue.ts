/**
 * Makes a queue of many segments without writing many bytes, and ends as its task says: closed, or by its own SIGKILL with the last messages just appended.
 * The head segment is filled to a half with messages of the usual length, so that a program that looks through it has something to look at.
 */
import { openWriter } from '@chronicle-ts/core'

export interface LargeQueueTask {
  readonly directory: string
  readonly payloadLength: number
  readonly segments: number
  readonly headMessages: number
  readonly ending: 'close' | 'kill'
}

const task: LargeQueueTask = JSON.parse(process.argv[2] ?? '{}')
const payload = Buffer.alloc(task.payloadLength, 7)
// Reserved on disk and not touched: ten gibibytes of zeros in memory would serve no purpose.
const writer = openWriter(task.directory, { prefault: false })
while (writer.position.segmentId < task.segments - 1) {
  for (let index = 0; index < 10; index++) writer.append(1, payload)
  writer.roll()
}
for (let index = 0; index < task.headMessages; index++) writer.append(1, payload)
process.stdout.write(JSON.stringify({ nextSequence: writer.nextSequence }))
if (task.ending === 'kill') process.kill(process.pid, 'SIGKILL')
writer.close()
