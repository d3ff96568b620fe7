import type { IteratorOptions, Message, QueueReader } from '@chronicle-ts/core'
import { checkFunction, checkMembers, isPromise } from '@chronicle-ts/core/internal'
import type { Span, SpanContext } from '@opentelemetry/api'
import { type TelemetryApi, TRACER_NAME, type TracedReaderOptions } from './trace-api.js'

/** `SpanKind.CONSUMER` and `SpanStatusCode.ERROR` of the API, which is not imported. */
const KIND_CONSUMER = 4
const STATUS_ERROR = 2
const SAMPLED = 1

/** A reader whose handlers run in a span that continues, or links to, the trace that a message carries. Messages without a trace are handled without a span. */
export class TracedReader {
  constructor(
    /** The reader itself. Committing and closing are the caller's. */
    readonly reader: QueueReader,
    private readonly api: TelemetryApi,
    private readonly options: TracedReaderOptions = {},
  ) {}

  /**
   * Runs a handler in the span of a message, synchronous or not, and returns what it returns. An error that it throws is recorded in the span and thrown.
   *
   * @example
   * ```ts
   * for await (const message of reader.messages()) await traced.handle(message, () => settle(message))
   * ```
   */
  handle<Result>(message: Message, handler: (message: Message) => Result): Result {
    checkMembers('message', message, ['sequence', 'typeId', 'payload'], 'a message of the reader')
    checkFunction('handler', handler)
    const remote = remoteContext(message)
    if (remote === undefined) return handler(message)
    const span = this.#startSpan(message, remote)
    const { context, trace } = this.api
    let result: Result
    try {
      result = context.with(trace.setSpan(context.active(), span), () => handler(message))
    } catch (error) {
      endWithError(span, error)
      throw error
    }
    return isPromise(result) ? (endAfter(span, result) as Result) : endedNow(span, result)
  }

  /** Handles messages as they come, one after the other, until the signal aborts or the reader closes. Nothing is committed. */
  async forEach(handler: (message: Message) => unknown, options?: IteratorOptions): Promise<void> {
    checkFunction('handler', handler)
    for await (const message of this.reader.messages(options)) await this.handle(message, handler)
  }

  #startSpan(message: Message, remote: SpanContext): Span {
    const { context, trace } = this.api
    const { relate = 'parent', spanName = 'process', tracer = trace.getTracer(TRACER_NAME) } = this.options
    const attributes = {
      'messaging.system': 'chronicle',
      'messaging.destination.name': this.reader.directory,
      'messaging.consumer.group.name': this.reader.name,
      'chronicle.sequence': message.sequence,
      'chronicle.type_id': message.typeId,
    }
    if (relate === 'link')
      return tracer.startSpan(spanName, { kind: KIND_CONSUMER, attributes, root: true, links: [{ context: remote }] })
    return tracer.startSpan(spanName, { kind: KIND_CONSUMER, attributes }, trace.setSpanContext(context.active(), remote))
  }
}

function remoteContext({ trace }: Message): SpanContext | undefined {
  if (trace === undefined) return undefined
  return {
    traceId: Buffer.from(trace.traceId).toString('hex'),
    spanId: Buffer.from(trace.spanId).toString('hex'),
    traceFlags: trace.sampled ? SAMPLED : 0,
    isRemote: true,
  }
}

async function endAfter<Result>(span: Span, result: PromiseLike<Result> & Result): Promise<Result> {
  try {
    return endedNow(span, await result)
  } catch (error) {
    endWithError(span, error)
    throw error
  }
}

function endedNow<Result>(span: Span, result: Result): Result {
  span.end()
  return result
}

function endWithError(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? error : String(error))
  span.setStatus({ code: STATUS_ERROR, message: error instanceof Error ? error.message : String(error) })
  span.end()
}
