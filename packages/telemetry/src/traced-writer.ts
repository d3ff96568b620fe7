import type {
  AppendOptions,
  AsyncAppendOptions,
  BatchMessage,
  QueueWriter,
  TraceOption,
  TryAppendResult,
} from '@chronicle-ts/core'
import type { TelemetryApi } from './trace-api.js'

/** Bit 0 of the W3C trace flags: the span is recorded. */
const SAMPLED = 1

/**
 * A writer whose messages carry the trace of the active span. Only spans that are sampled are stored; without one a message is appended as it is. A trace or a source that the caller gives itself
 * is kept: a message has room for one of them.
 */
export class TracedWriter {
  constructor(
    /** The writer itself, for everything that has no traces. Closing it is the caller's. */
    readonly writer: QueueWriter,
    private readonly api: TelemetryApi,
  ) {}

  /** As `QueueWriter.append`. */
  append(typeId: number, payload: Uint8Array, options?: AppendOptions): number {
    return this.writer.append(typeId, payload, this.#withTrace(options))
  }

  /** As `QueueWriter.tryAppend`. */
  tryAppend(typeId: number, payload: Uint8Array, options?: AppendOptions): TryAppendResult {
    return this.writer.tryAppend(typeId, payload, this.#withTrace(options))
  }

  /** As `QueueWriter.appendAsync`. The span is the one that is active at the call. */
  appendAsync(typeId: number, payload: Uint8Array, options?: AsyncAppendOptions): Promise<number> {
    return this.writer.appendAsync(typeId, payload, this.#withTrace(options))
  }

  /** As `QueueWriter.appendBatch`: all of the messages get the active span. */
  appendBatch(messages: Iterable<BatchMessage>): number {
    const trace = activeTrace(this.api)
    if (trace === undefined) return this.writer.appendBatch(messages)
    const traced = [...messages].map((message) => (hasOwnContext(message) ? message : { ...message, trace }))
    return this.writer.appendBatch(traced)
  }

  #withTrace<Options extends AppendOptions>(options: Options | undefined): Options | undefined {
    if (hasOwnContext(options)) return options
    const trace = activeTrace(this.api)
    return trace === undefined ? options : ({ ...options, trace } as Options)
  }
}

function hasOwnContext(options: Pick<AppendOptions, 'trace' | 'source'> | undefined): boolean {
  return options?.trace !== undefined || options?.source !== undefined
}

/** The context of the active span, when it is valid and sampled. */
function activeTrace({ trace }: TelemetryApi): TraceOption | undefined {
  const context = trace.getActiveSpan()?.spanContext()
  if (context === undefined || (context.traceFlags & SAMPLED) === 0 || !trace.isSpanContextValid(context)) return undefined
  return { traceId: context.traceId, spanId: context.spanId, sampled: true }
}
