import { FrameStream, ProgressWriter, Puller, pullFromStream, ReplicaSink, readIdentity } from '@chronicle-ts/bridge'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { formatCountOf } from '../../output/quantities.js'
import { type BridgeOptions, namesOf, noteIn, type ServerOptions, sinkNameOf, withServersInTime } from './bridge-options.js'

const NOTHING = { records: 0, bytes: 0, failures: 0 }

/** `bridge pull --from <servers>`. */
export async function pull(context: CommandContext, queue: string, options: ServerOptions): Promise<number> {
  const identity = readIdentity(queue)
  const queueId = options.queueId ?? (identity?.isReplica === true ? identity.queueId : undefined)
  if (queueId === undefined)
    throw new UsageError('a replica that does not exist yet needs --queue-id; bridge status of the source shows it')
  if (!/^[0-9a-f]{32}$/.test(queueId)) throw new UsageError('--queue-id must be 32 hexadecimal digits')
  return asOwnerOf(queue, async () => {
    const problems: Error[] = []
    using sink = new ReplicaSink(queue, { queueId, onProblem: problemIn(context, problems) })
    const progress = await withServersInTime(context, options, async (connection) => {
      const stream = await FrameStream.of(connection, queueId, namesOf(options))
      const puller = new Puller(sink, stream, {
        name: sinkNameOf(options),
        ...(options.once !== undefined && { once: options.once }),
        onNote: noteIn(context),
      })
      context.log.info({ queueId, stream: stream.name, nextSequence: sink.nextSequence }, 'pulling')
      await ProgressWriter.during(
        queue,
        () => puller.read(),
        () => puller.run(context.signal),
      )
      return puller.progress
    })
    const { records, bytes, failures } = progress ?? NOTHING
    report(context, { queue, queueId, records, bytes, failures, nextSequence: sink.nextSequence, term: sink.term })
    if (context.interrupted()) return EXIT_INTERRUPTED
    return problems.length > 0 ? EXIT_WARNING : EXIT_HEALTHY
  })
}

/** `bridge pull --from -`. */
export async function pullFromPipe(context: CommandContext, queue: string, options: BridgeOptions): Promise<number> {
  const { queueId } = options
  const stop = (): unknown => process.stdin.destroy()
  context.signal.addEventListener('abort', stop, { once: true })
  if (context.signal.aborted) stop()
  return asOwnerOf(queue, async () => {
    const problems: Error[] = []
    const onProblem = problemIn(context, problems)
    using sink = new ReplicaSink(queue, queueId === undefined ? { onProblem } : { queueId, onProblem })
    const { records, bytes, broken } = await pullFromStream(sink, process.stdin)
    report(context, { queue, queueId: sink.queueId, records, bytes, broken, nextSequence: sink.nextSequence, term: sink.term })
    if (broken !== undefined)
      context.log.warn({ reason: broken.reason, offset: broken.offset }, `the pipe broke: ${broken.detail}`)
    if (context.interrupted()) return EXIT_INTERRUPTED
    return broken === undefined && problems.length === 0 ? EXIT_HEALTHY : EXIT_WARNING
  })
}

/** Says that the replica has records without the types that decode them. */
function problemIn({ log }: CommandContext, problems: Error[]): (error: Error) => void {
  return (error) => {
    problems.push(error)
    log.warn(`the schema registry or the list of sources could not be written: ${error.message}`)
  }
}

function report(
  context: CommandContext,
  fields: { readonly queue: string; readonly records: number } & Record<string, unknown>,
): void {
  if (context.json) context.output.line(toJsonReport('bridge', { action: 'pull', ...fields }))
  else context.output.line(`${formatCountOf(fields.records, 'record')} pulled into ${printable(fields.queue)}`)
}
