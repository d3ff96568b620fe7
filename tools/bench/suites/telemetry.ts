import { type Channel, channel } from 'node:diagnostics_channel'
import type { QueueWriter } from '@chronicle-ts/core'
import { type TracedWriter, traced } from '@chronicle-ts/telemetry'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Candidate, CandidateFactory, Suite } from '../candidate.js'
import { queueCandidate } from '../queue-candidate.js'

/** Spans are exported in the background, as applications have it; the exporter keeps none of them. */
class NoExporter extends InMemorySpanExporter {
  override export(...[, done]: Parameters<InMemorySpanExporter['export']>): void {
    done({ code: 0 })
  }
}

const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(new NoExporter())] })
const tracer = provider.getTracer('bench')
const api = { context, trace }

/** What telemetry adds: an event that nothing listens to, one that something does, a span, and an append that carries the active span. */
export function telemetrySuite(payloadLength: number): Suite {
  const payload = Buffer.alloc(payloadLength, 7)
  const queue = (name: string, run: Parameters<typeof queueCandidate>[0]['run']): CandidateFactory => {
    return (directory, seconds) => queueCandidate({ name, directory, seconds, payloadLength, run })
  }
  return {
    name: 'telemetry',
    operation: `one append of ${payloadLength} B, event or span`,
    candidates: [
      queue('append', (writer) => writer.append(1, payload)),
      queue('traced(writer).append, no active span', (writer) => tracedOf(writer).append(1, payload)),
      (directory, seconds) =>
        inSpan(
          queue('traced(writer).append in a sampled span', (writer) => tracedOf(writer).append(1, payload))(directory, seconds),
        ),
      () => eventCandidate('an event without a subscriber', 0),
      () => eventCandidate('an event with a subscriber', 1),
      spanCandidate,
    ],
  }
}

const tracedWriters = new WeakMap<QueueWriter, TracedWriter>()

function tracedOf(writer: QueueWriter): TracedWriter {
  let found = tracedWriters.get(writer)
  if (found === undefined) {
    found = traced(writer, api)
    tracedWriters.set(writer, found)
  }
  return found
}

/** Runs a candidate with an active span, which the context manager keeps for everything that is called inside. */
function inSpan(candidate: Candidate): Candidate {
  const contexts = new AsyncLocalStorageContextManager().enable()
  context.setGlobalContextManager(contexts)
  const span = tracer.startSpan('bench')
  const active = trace.setSpan(context.active(), span)
  return {
    ...candidate,
    run: () => context.with(active, candidate.run),
    close: () => {
      span.end()
      context.disable()
      candidate.close()
    },
  }
}

/** What the library does where something happens: it asks whether anything listens, and publishes. */
function eventCandidate(name: string, subscribers: number): Candidate {
  const target: Channel = channel(`bench:${subscribers}`)
  let heard = 0
  const hear = () => {
    heard += 1
  }
  for (let count = 0; count < subscribers; count += 1) target.subscribe(hear)
  return {
    name,
    run: () => {
      if (target.hasSubscribers) target.publish({ directory: '/queue', segmentId: 1 })
    },
    verify: (calls) => {
      if (heard !== calls * subscribers && !(heard > 0 && subscribers === 1)) throw new Error(`${heard} events were heard`)
    },
    close: () => {
      if (subscribers > 0) target.unsubscribe(hear)
    },
  }
}

function spanCandidate(): Candidate {
  let ended = 0
  return {
    name: 'a sampled span',
    run: () => {
      const span = tracer.startSpan('process')
      span.end()
      if (span.isRecording()) throw new Error('the span did not end')
      ended += 1
    },
    verify: (calls) => {
      if (ended < calls) throw new Error(`${ended} spans ended instead of ${calls}`)
    },
    close: () => undefined,
  }
}
