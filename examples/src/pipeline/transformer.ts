import { whenQueueAppears } from '@chronicle-ts/bus'
import { openObserver, openReader, openWriter, type QueueReader, type QueueWriter } from '@chronicle-ts/core'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { decodePipelineMessage, END_TYPE, encodePipelineMessage } from './pipeline-message.js'

/** What B does about messages that come again after a crash. */
export type Guarantee = 'at-least-once' | 'exactly-once'

/**
 * B: squares what it reads.
 *
 * It appends downstream first and commits upstream then. Killed in between, it reads the message again and would append it again: at least once. The other
 * order would lose it. To make it exactly once, B needs no transaction over both queues: each message downstream carries the sequence upstream that it was
 * made from, so the last message downstream says how far B really came.
 */
await runRole(async ([fromA = '', fromB = '', guarantee, crashAt]) => {
  await whenQueueAppears(fromA)
  using input = openReader(fromA, 'transformer')
  using output = openWriter(fromB, { segmentSize: 64 * 1024 })
  const lastDone = guarantee === 'exactly-once' ? lastSourceSequence(output) : -1
  await transform(input, output, { lastDone, crashAt: Number(crashAt) })
  await report('done')
})

interface Limits {
  /** Upstream messages up to this one are done, whatever the saved position says. */
  readonly lastDone: number
  /** The one at which this process is killed; -1 for none. */
  readonly crashAt: number
}

async function transform(input: QueueReader, output: QueueWriter, { lastDone, crashAt }: Limits): Promise<void> {
  for await (const { sequence, typeId, payload } of input.messages()) {
    const { value } = decodePipelineMessage(payload)
    if (sequence > lastDone) output.append(typeId, encodePipelineMessage({ sourceSequence: sequence, value: value * value }))
    if (sequence === crashAt) process.kill(process.pid, 'SIGKILL')
    input.commit()
    if (typeId === END_TYPE) return
  }
}

function lastSourceSequence(output: QueueWriter): number {
  if (output.nextSequence === 0) return -1
  using written = openObserver(output.directory, { start: { sequence: output.nextSequence - 1 } })
  const last = written.next()
  return last === undefined ? -1 : decodePipelineMessage(last.payload).sourceSequence
}
