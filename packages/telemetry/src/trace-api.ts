import type { ContextAPI, TraceAPI, Tracer } from '@opentelemetry/api'

/** The parts of `@opentelemetry/api` that traces need. They are given by the application, so this package imports none of it, and there is one API in the process. */
export interface TelemetryApi {
  /** `trace` of `@opentelemetry/api`. */
  readonly trace: TraceAPI
  /** `context` of `@opentelemetry/api`. */
  readonly context: ContextAPI
}

/** How the span of a handler relates to the span that appended the message. */
export type SpanRelation = 'parent' | 'link'

export interface TracedReaderOptions {
  /** `parent`: the handler's span continues the trace of the message. `link`: it begins a trace of its own, with a link. Default `parent`. */
  readonly relate?: SpanRelation
  /** Name of the handler's spans. Default `process`. */
  readonly spanName?: string
  /** Default: the tracer `@chronicle-ts/telemetry` of the API. */
  readonly tracer?: Tracer
}

/** The name under which this package asks for a tracer. */
export const TRACER_NAME = '@chronicle-ts/telemetry'
