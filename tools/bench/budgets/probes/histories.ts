import { join } from 'node:path'
import { type Message, openObserver, openWriter, type QueueObserver } from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'
import { openProcessor, openReplay } from '@chronicle-ts/replay'
import { memoryQueue } from '@chronicle-ts/testing'
import type { Figures, Probe, ProbeContext } from '../probe.js'

const SOURCES = ['a', 'b', 'c'] as const
const SEGMENT_SIZE = 128 * 1024 * 1024
const FIRST_TIMESTAMP_NS = 1_700_000_000_000_000_000n
const MEMORY_QUEUES = 100

/** Following beside reading, a replay beside the fan-in under it, the restart of a processor, and a queue of a test. What is compared takes turns. */
export const histories: Probe = {
  name: 'following, replay, restart of a processor, queues in memory',
  measure: async (context) => ({
    ...(await following(context)),
    ...(await replaying(context)),
    ...restarting(context),
    ...queuesInMemory(context),
  }),
}

async function following(context: ProbeContext): Promise<Figures> {
  const count = context.quick ? 5000 : 400_000
  const directory = join(context.directory, 'followed')
  fill(context, directory, { count, index: 0, of: 1 })
  const read = async (): Promise<number> =>
    timed(
      count,
      async (observer) => {
        let seen = 0
        for await (const message of observer.messages()) if (message.length >= 0 && ++seen === count) break
      },
      directory,
    )
  const follow = async (): Promise<number> =>
    timed(
      count,
      async (observer) => {
        let seen = 0
        for await (const item of observer.follow())
          if (item.kind === 'message' && item.message.length >= 0 && ++seen === count) break
      },
      directory,
    )
  const [messagesNs, followNs] = await inTurns(context, read, follow)
  return { messagesNs, followNs, followPerMessages: followNs / messagesNs }
}

async function timed(count: number, work: (observer: QueueObserver) => Promise<void>, directory: string): Promise<number> {
  using observer = openObserver(directory)
  const beginNs = process.hrtime.bigint()
  await work(observer)
  return Number(process.hrtime.bigint() - beginNs) / count
}

async function replaying(context: ProbeContext): Promise<Figures> {
  const count = context.quick ? 3000 : 300_000
  const folders = SOURCES.map((name, index) => {
    const directory = join(context.directory, `replayed-${name}`)
    fill(context, directory, { count: count / SOURCES.length, index, of: SOURCES.length })
    return [name, directory] as const
  })
  let sum = 0
  const look = (message: Message): void => {
    sum += message.typeId
  }
  const merge = async (): Promise<number> => {
    using fanIn = new FanInReader({ ownsSources: true, holdBackMs: Number.POSITIVE_INFINITY })
    for (const [name, directory] of folders) fanIn.add(name, openObserver(directory))
    const beginNs = process.hrtime.bigint()
    for (let next = fanIn.next(); next !== undefined; next = fanIn.next()) look(next.message)
    return Number(process.hrtime.bigint() - beginNs) / count
  }
  const replay = async (): Promise<number> => {
    using opened = openReplay({ sources: Object.fromEntries(folders) })
    const beginNs = process.hrtime.bigint()
    const delivered = await opened.run(({ message }) => look(message))
    if (delivered !== count) throw new Error(`${delivered} messages instead of ${count}`)
    return Number(process.hrtime.bigint() - beginNs) / count
  }
  const [mergeNs, replayNs] = await inTurns(context, merge, replay)
  if (sum === 0) throw new Error('nothing was looked at')
  return { mergeNs, replayNs, replayPerFanIn: replayNs / mergeNs }
}

/** Twice each, the second one first every other round: the first run of a function is slower. */
async function inTurns(
  context: ProbeContext,
  one: () => Promise<number>,
  other: () => Promise<number>,
): Promise<[number, number]> {
  await one()
  await other()
  if (context.round % 2 === 1) {
    const second = await other()
    return [await one(), second]
  }
  return [await one(), await other()]
}

function restarting(context: ProbeContext): Figures {
  const count = context.quick ? 2000 : 600_000
  const input = join(context.directory, 'input')
  fill(context, input, { count: 10, index: 0, of: 1 })
  const directory = join(context.directory, 'output')
  using output = openWriter(directory, { segmentSize: SEGMENT_SIZE })
  const payload = Buffer.alloc(context.payloadLength, 7)
  // All of them from the first input, and each the last of its outputs: the file is what counts.
  const source = { sourceSequence: 0, sourceId: 1, sourceEpoch: 1, outputIndex: 0, isLastOutput: true }
  for (let index = 0; index < count; index++) output.append(1, payload, { source })
  const restart = (): number => {
    const beginMs = performance.now()
    const processor = openProcessor({ inputs: { input }, output })
    const tookMs = performance.now() - beginMs
    processor.close()
    return tookMs
  }
  // Without hints the whole output is looked through; the close writes them.
  const restartWithoutHintsMs = restart()
  return { restartWithoutHintsMs, restartMs: restart() }
}

function queuesInMemory({ quick }: ProbeContext): Figures {
  const count = quick ? 5 : MEMORY_QUEUES
  memoryQueue().close()
  const beginMs = performance.now()
  for (let index = 0; index < count; index++) {
    using queue = memoryQueue()
    queue.writer.append(1, Buffer.from('message'))
    const reader = queue.reader()
    reader.next()
    reader.commit()
  }
  return { memoryQueueMs: (performance.now() - beginMs) / count }
}

function fill(
  { payloadLength }: ProbeContext,
  directory: string,
  { count, index, of }: { count: number; index: number; of: number },
): void {
  using writer = openWriter(directory, { segmentSize: SEGMENT_SIZE, heartbeatIntervalMs: 0 })
  const payload = Buffer.alloc(payloadLength, 7)
  for (let number = 0; number < count; number++)
    writer.append(1, payload, { timestampNs: FIRST_TIMESTAMP_NS + BigInt(number * of + index) })
}
