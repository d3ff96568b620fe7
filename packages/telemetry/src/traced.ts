import { InvalidArgumentError, QueueReader, QueueWriter } from '@chronicle-ts/core'
import { checkMembers, checkOptions, objectWith, oneOf, TEXT } from '@chronicle-ts/core/internal'
import type { TelemetryApi, TracedReaderOptions } from './trace-api.js'
import { TracedReader } from './traced-reader.js'
import { TracedWriter } from './traced-writer.js'

/**
 * Gives a writer or a reader traces.
 *
 * @param api `trace` and `context` of `@opentelemetry/api`, as the application imports them.
 *
 * @example
 * ```ts
 * import { context, trace } from '@opentelemetry/api'
 *
 * const orders = traced(openWriter('/var/lib/orders'), { context, trace })
 * orders.append(1, payload) // with the active span, when it is sampled
 * ```
 */
export function traced(writer: QueueWriter, api: TelemetryApi): TracedWriter
export function traced(reader: QueueReader, api: TelemetryApi, options?: TracedReaderOptions): TracedReader
export function traced(
  target: QueueWriter | QueueReader,
  api: TelemetryApi,
  options?: TracedReaderOptions,
): TracedWriter | TracedReader {
  if (options !== undefined)
    checkOptions(options, { relate: oneOf('parent', 'link'), spanName: TEXT, tracer: objectWith('a tracer', 'startSpan') })
  checkMembers('api', api, ['trace', 'context'], 'the API of @opentelemetry/api')
  if (!(target instanceof QueueWriter || target instanceof QueueReader))
    throw new InvalidArgumentError({ argument: 'target', value: target, expected: 'a writer or a reader' })
  return target instanceof QueueWriter ? new TracedWriter(target, api) : new TracedReader(target, api, options)
}
