import { FrameStream, ProgressWriter, Pusher, pushToStream, ReplicaSource, type ReplicaSourceOptions } from '@chronicle-ts/bridge'
import { isQueueError, openObserver, openReader } from '@chronicle-ts/core'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext } from '../../command-context.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { formatCountOf } from '../../output/quantities.js'
import { type BridgeOptions, namesOf, noteIn, type ServerOptions, sinkNamesOf, withServersInTime } from './bridge-options.js'

const NOTHING = { records: 0, bytes: 0, failures: 0, nextSequence: undefined }

/** `bridge push --to <servers>`. */
export async function push(context: CommandContext, queue: string, options: ServerOptions): Promise<number> {
  return asOwnerOf(queue, async () => {
    using reader = openReader(queue, options.reader)
    const source = new ReplicaSource(reader, sourceOptionsOf(options))
    const progress = await withServersInTime(context, options, async (connection) => {
      const stream = await FrameStream.of(connection, source.queueId, namesOf(options))
      const { holdUntil, once, streamReplicas, streamMaxBytes } = options
      const sinks = sinkNamesOf(options)
      const pusher = new Pusher(source, stream, {
        ...(holdUntil !== undefined && { holdUntil }),
        ...(sinks !== undefined && { sinks }),
        ...(once !== undefined && { once }),
        ...(streamReplicas !== undefined && { replicas: streamReplicas }),
        ...(streamMaxBytes !== undefined && { maxBytes: streamMaxBytes }),
        onNote: noteIn(context),
      })
      context.log.info({ queueId: source.queueId, term: source.term, stream: stream.name }, 'pushing')
      await ProgressWriter.during(
        queue,
        () => pusher.read(),
        () => pusher.run(context.signal),
      )
      return pusher.progress
    })
    const { records, bytes, failures, nextSequence } = progress ?? NOTHING
    if (context.json)
      context.output.line(
        toJsonReport('bridge', { action: 'push', queue, queueId: source.queueId, records, bytes, failures, nextSequence }),
      )
    else context.output.line(`${formatCountOf(records, 'record')} pushed from ${printable(queue)}`)
    return context.interrupted() ? EXIT_INTERRUPTED : EXIT_HEALTHY
  })
}

/** `bridge push --to -`: frames on standard output, which is why nothing else is printed there. */
export async function pushToPipe(context: CommandContext, queue: string, options: BridgeOptions): Promise<number> {
  using observer = openObserver(queue)
  const { fromSequence, follow } = options
  try {
    const { records } = await pushToStream(new ReplicaSource(observer, sourceOptionsOf(options)), process.stdout, {
      signal: context.signal,
      ...(fromSequence !== undefined && { from: fromSequence }),
      ...(follow !== undefined && { follow }),
    })
    context.log.info({ records }, `${formatCountOf(records, 'record')} pushed`)
  } catch (error) {
    if (!isQueueError(error, 'ERR_IO') || error.errnoName !== 'EPIPE') throw error
    context.log.warn('the pipe broke: its reader is gone')
    return EXIT_WARNING
  }
  return context.interrupted() ? EXIT_INTERRUPTED : EXIT_HEALTHY
}

function sourceOptionsOf({ compression }: BridgeOptions): ReplicaSourceOptions {
  return compression === undefined ? {} : { compression }
}
