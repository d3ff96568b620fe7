import { type BridgeLag, bridgeStatus, promote as promoteReplica, rejoin as rejoinSource } from '@chronicle-ts/bridge'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext } from '../../command-context.js'
import { EXIT_CRITICAL, EXIT_HEALTHY, EXIT_WARNING } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { formatCountOf } from '../../output/quantities.js'
import { namesOf, type ServerOptions, sinkNameOf, withServers } from './bridge-options.js'

/** `bridge status`. Critical for a source that is fenced, a warning while the stream is missing. */
export async function status(context: CommandContext, queue: string, options: ServerOptions): Promise<number> {
  const found = await withServers(options, (connection) => bridgeStatus(queue, connection, namesOf(options)))
  if (context.json) context.output.line(toJsonReport('bridge', { action: 'status', ...found }))
  else {
    const { role, term, queueId, nextSequence, durableSequence, stream, lag, fenced, sinks } = found
    context.output.line(`${printable(queue)}  ${role}${fenced ? ', FENCED' : ''}`)
    context.output.line(`  queue id  ${queueId}`)
    context.output.line(`  term      ${term}${stream.term > term ? ` (the stream has ${stream.term})` : ''}`)
    context.output.line(`  next      ${nextSequence}, durable below ${durableSequence}`)
    context.output.line(`  lag       ${lagText(lag)}`)
    context.output.line(
      stream.exists
        ? `  stream    ${stream.name}: next ${stream.nextSequence ?? 'unknown'}, ${formatCountOf(stream.messages, 'frame')}, ${formatCountOf(stream.bytes, 'byte')}`
        : `  stream    ${stream.name} does not exist`,
    )
    for (const sink of sinks)
      context.output.line(
        `  sink      ${printable(sink.name)}: durable below ${sink.durableSequence}, ${lagText(sink.lag)} behind`,
      )
  }
  if (found.fenced) return EXIT_CRITICAL
  return found.stream.exists ? EXIT_HEALTHY : EXIT_WARNING
}

function lagText({ messages, bytes, seconds }: BridgeLag): string {
  const parts = [messages === undefined ? 'unknown' : formatCountOf(messages, 'message')]
  if (bytes !== undefined) parts.push(formatCountOf(bytes, 'byte'))
  if (seconds !== undefined) parts.push(`${seconds.toFixed(1)} s`)
  return parts.join(', ')
}

/** `bridge promote`. */
export async function promote(context: CommandContext, queue: string, options: ServerOptions): Promise<number> {
  const promoted = await asOwnerOf(queue, () =>
    withServers(options, (connection) => promoteReplica(queue, connection, { ...namesOf(options), name: sinkNameOf(options) })),
  )
  if (context.json) context.output.line(toJsonReport('bridge', { action: 'promote', queue, ...promoted }))
  else context.output.line(`${printable(queue)} is the source from message ${promoted.first} on, term ${promoted.term}`)
  return EXIT_HEALTHY
}

/** `bridge rejoin`. */
export async function rejoin(context: CommandContext, queue: string, options: ServerOptions): Promise<number> {
  const joined = await asOwnerOf(queue, () =>
    withServers(options, (connection) => rejoinSource(queue, connection, namesOf(options))),
  )
  if (context.json) context.output.line(toJsonReport('bridge', { action: 'rejoin', queue, ...joined }))
  else {
    context.output.line(`${printable(queue)} is a replica from message ${joined.first} on, term ${joined.term}`)
    if (joined.file !== undefined)
      context.output.line(`${formatCountOf(joined.records, 'record')} were not replicated, and are in ${printable(joined.file)}`)
  }
  return joined.records === 0 ? EXIT_HEALTHY : EXIT_WARNING
}
