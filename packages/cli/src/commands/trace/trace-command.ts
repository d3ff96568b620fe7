import { createHash } from 'node:crypto'
import { type FoundTrace, findTrace, type TraceHop } from '@chronicle-ts/inspect'
import { type Command, InvalidArgumentError } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { parseTimeOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { formatCountOf, formatDuration } from '../../output/quantities.js'
import { type Column, renderTable } from '../../output/table.js'
import { formatTime } from '../../output/times.js'
import { pathBelow, withoutSlash } from '../../queues/queue-names.js'
import { onQueuesIn, requireQueues } from '../../queues/queues-in.js'
import { ExportFile } from '../export/export-file.js'

interface TraceOptions {
  readonly since?: bigint
  readonly otlp?: string
}

const COLUMNS: readonly Column[] = [
  { title: 'TIME' },
  { title: 'AFTER', align: 'right' },
  { title: 'QUEUE', cut: 'middle' },
  { title: 'SEQUENCE', align: 'right' },
  { title: 'TYPE', align: 'right', optional: 2 },
  { title: 'BYTES', align: 'right', optional: 3 },
  { title: 'SPAN', optional: 1 },
]

const EXAMPLES = `
Rebuilds the way of a trace from the queues themselves: every message that was appended with a trace context has the trace id, a span id and its time. It needs no tracing backend and no sampling decision of one. Exits with 3 when no message has this trace.

--otlp writes the messages as spans in the JSON form of OTLP, for a collector or a viewer: each is a child of the span that appended it. The file stays as it is when no message has this trace, or Ctrl-C comes before the end.

Examples:
  $ chron-cli trace 4bf92f3577b34da6a3ce929d0e0e4736 /var/lib/bus
  $ chron-cli trace 4bf92f3577b34da6a3ce929d0e0e4736 /var/lib/bus --since 1h --otlp trace.json
`

export function addTraceCommand(program: Command, run: Runner): void {
  program
    .command('trace')
    .summary('the way of one trace through all queues')
    .description('Find the messages of a trace in all queues below a directory.')
    .argument('<id>', 'trace id, 32 hexadecimal digits', parseTraceId)
    .argument('<root>', 'a queue, or a directory with queues below it')
    .option('--since <time>', 'leave out older messages: RFC 3339, nanoseconds since 1970, or a span ago', parseTimeOption)
    .option('--otlp <file>', 'write the messages as OTLP JSON')
    .addHelpText('after', manual(EXAMPLES))
    .action((id: string, root: string, options: TraceOptions, command: Command) =>
      run(command, (context) =>
        onQueuesIn(context, [root], (queues) => trace(context, { id, root: withoutSlash(root), queues }, options)),
      ),
    )
}

function parseTraceId(text: string): string {
  if (!/^[0-9a-f]{32}$/i.test(text) || /^0+$/.test(text))
    throw new InvalidArgumentError('expected 32 hexadecimal digits, not all 0')
  return text.toLowerCase()
}

async function trace(
  context: CommandContext,
  { id, root, queues }: { id: string; root: string; queues: readonly string[] },
  options: TraceOptions,
): Promise<number> {
  requireQueues(root)
  const found = await findTrace(queues, id, {
    signal: context.signal,
    ...(options.since !== undefined && { sinceNs: options.since }),
  })
  for (const queue of found.unreadable) context.log.warn({ queue }, 'this queue cannot be read')
  if (options.otlp !== undefined && found.isComplete) {
    if (found.hops.length > 0) writeOtlp(options.otlp, found, root)
    else context.log.warn({ path: options.otlp }, 'nothing was written, because no message has this trace')
  }
  if (context.json) context.output.line(toJsonReport('trace', found))
  else print(context, found, root)
  if (!found.isComplete) return EXIT_INTERRUPTED
  return found.hops.length > 0 && found.unreadable.length === 0 ? EXIT_HEALTHY : EXIT_WARNING
}

function print({ output }: CommandContext, { hops, looked }: FoundTrace, root: string): void {
  const first = hops[0]?.timestampNs ?? 0n
  if (hops.length > 0) {
    const rows = hops.map((hop) => [
      formatTime(hop.timestampNs),
      formatDuration(hop.timestampNs - first),
      printable(pathBelow(root, hop.directory)),
      String(hop.sequence),
      String(hop.typeId),
      String(hop.length),
      hop.spanId,
    ])
    output.lines(renderTable(COLUMNS, rows, output.width, output.palette.heading))
  }
  output.line(`${formatCountOf(hops.length, 'message')} of this trace, ${formatCountOf(looked, 'message')} looked at`)
}

function writeOtlp(path: string, found: FoundTrace, root: string): void {
  const file = new ExportFile(path)
  try {
    file.write(`${JSON.stringify(toOtlp(found, root))}\n`)
    file.commit()
  } catch (error) {
    file.abandon()
    throw error
  }
}

/** The request of the OTLP/HTTP trace service: one resource per queue, one span per message. */
function toOtlp({ traceId, hops }: Pick<FoundTrace, 'traceId' | 'hops'>, root: string): object {
  const queues = [...new Set(hops.map(({ directory }) => directory))]
  return {
    resourceSpans: queues.map((queue) => ({
      resource: { attributes: [text('service.name', pathBelow(root, queue)), text('messaging.system', 'chronicle')] },
      scopeSpans: [
        {
          scope: { name: 'chron-cli' },
          spans: hops.filter(({ directory }) => directory === queue).map((hop) => spanOf(traceId, hop)),
        },
      ],
    })),
  }
}

/** `SPAN_KIND_PRODUCER`: the message was sent at this instant. */
const KIND_PRODUCER = 4

function spanOf(traceId: string, { directory, sequence, timestampNs, typeId, length, spanId }: TraceHop): object {
  const time = timestampNs.toString()
  return {
    traceId,
    spanId: createHash('sha256').update(`${directory} ${sequence}`).digest('hex').slice(0, 16),
    parentSpanId: spanId,
    name: 'append',
    kind: KIND_PRODUCER,
    startTimeUnixNano: time,
    endTimeUnixNano: time,
    attributes: [
      text('messaging.destination.name', directory),
      number('chronicle.sequence', sequence),
      number('chronicle.type_id', typeId),
      number('messaging.message.body.size', length),
    ],
  }
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } }
}

/** 64-bit integers are strings in the JSON form of OTLP. */
function number(key: string, value: number): object {
  return { key, value: { intValue: String(value) } }
}
