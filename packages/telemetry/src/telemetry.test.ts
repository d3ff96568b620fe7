import { mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openReader, openWriter, type QueueWriter } from '@chronicle-ts/core'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { AlwaysOffSampler, BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { collectMetrics, logTo, traced } from './index.js'

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const api = { context, trace }

let root: string
let queue: string
let writer: QueueWriter

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(provider)
})
afterAll(() => {
  trace.disable()
  context.disable()
})
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-telemetry-'))
  queue = join(root, 'queue')
  writer = openWriter(queue, { segmentSize: 4096 })
  exporter.reset()
})
afterEach(() => {
  writer.close()
  rmSync(root, { recursive: true, force: true })
})

describe('traces', () => {
  it('go with a message from the span that appended it to the span that handles it', async () => {
    const orders = traced(writer, api)
    const tracer = trace.getTracer('test')
    const ids = await tracer.startActiveSpan('place', async (span) => {
      orders.append(1, Buffer.from('traced'))
      await orders.appendAsync(1, Buffer.from('async'))
      orders.appendBatch([{ typeId: 1, payload: Buffer.from('batch') }])
      span.end()
      return span.spanContext()
    })
    orders.append(1, Buffer.from('plain'))
    using reader = openReader(queue, 'audit', { start: 'earliest' })
    const audit = traced(reader, api, { spanName: 'settle' })
    const seen: string[] = []
    for (let message = reader.next(); message !== undefined; message = reader.next())
      await audit.handle(message, async ({ sequence }) => {
        await Promise.resolve()
        seen.push(`${sequence} ${trace.getActiveSpan()?.spanContext().traceId === ids.traceId}`)
      })
    expect(seen).toEqual(['0 true', '1 true', '2 true', '3 false'])
    const settled = exporter.getFinishedSpans().filter(({ name }) => name === 'settle')
    expect(settled).toHaveLength(3)
    expect(settled[0]?.parentSpanContext?.spanId).toBe(ids.spanId)
    expect(settled[0]?.attributes).toMatchObject({ 'messaging.consumer.group.name': 'audit', 'chronicle.sequence': 0 })
  })

  it('can be linked instead, and errors of a handler are recorded and thrown', () => {
    const tracer = trace.getTracer('test')
    const { traceId } = tracer.startActiveSpan('place', (span) => {
      traced(writer, api).append(1, Buffer.from('x'))
      span.end()
      return span.spanContext()
    })
    using reader = openReader(queue, 'audit', { start: 'earliest' })
    const audit = traced(reader, api, { relate: 'link' })
    const message = reader.next() ?? expect.fail('no message')
    const failing = () => {
      throw new Error('refused')
    }
    expect(() => audit.handle(message, failing)).toThrow('refused')
    const span = exporter.getFinishedSpans().at(-1)
    expect(span?.spanContext().traceId).not.toBe(traceId)
    expect(span?.links[0]?.context.traceId).toBe(traceId)
    expect(span?.status).toMatchObject({ code: 2, message: 'refused' })
  })

  it('are not stored for spans that are not sampled, and a trace of the caller is kept', () => {
    const unsampled = new BasicTracerProvider({ sampler: new AlwaysOffSampler() }).getTracer('test')
    unsampled.startActiveSpan('quiet', (span) => {
      traced(writer, api).append(1, Buffer.from('quiet'))
      span.end()
    })
    const own = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), sampled: true }
    trace.getTracer('test').startActiveSpan('loud', (span) => {
      traced(writer, api).append(1, Buffer.from('own'), { trace: own })
      span.end()
    })
    using reader = openReader(queue, 'audit', { start: 'earliest' })
    expect(reader.next()?.trace).toBeUndefined()
    expect(Buffer.from(reader.next()?.trace?.traceId ?? []).toString('hex')).toBe(own.traceId)
  })
})

it('collects metrics of writers and readers when they are asked for, and stops', async () => {
  using reader = openReader(queue, 'audit', { start: 'earliest' })
  const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const periodic = new PeriodicExportingMetricReader({
    exporter: memory,
    exportIntervalMillis: 1e9,
    exportTimeoutMillis: 1e9 - 1,
  })
  const meters = new MeterProvider({ readers: [periodic] })
  const stop = collectMetrics(meters.getMeter('test'), [{ writer, attributes: { side: 'out' } }, { reader }])
  for (let index = 0; index < 10; index += 1) writer.append(1, Buffer.from('hello'))
  for (let index = 0; index < 4; index += 1) reader.next()
  const read = async () => {
    memory.reset()
    await meters.forceFlush()
    const found = memory.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    return Object.fromEntries(found.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]]))
  }
  const values = await read()
  expect(values['chronicle.writer.messages']).toMatchObject({ value: 10, attributes: { queue, side: 'out' } })
  expect(values['chronicle.reader.lag.messages']).toMatchObject({ value: 6, attributes: { queue, reader: 'audit' } })
  expect(values['chronicle.reader.messages']).toMatchObject({ value: 4 })
  stop()
  writer.append(1, Buffer.from('later'))
  expect((await read())['chronicle.writer.messages']?.value).not.toBe(11)
  await meters.shutdown()
})

it('logs what happens to queues, and nothing per message', () => {
  const lines: string[] = []
  const log = (level: string) => (facts: object, text: string) =>
    lines.push(`${level} ${(facts as { channel: string }).channel} ${text}`)
  const stop = logTo({ debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') })
  for (let index = 0; index < 20; index += 1) writer.append(1, Buffer.alloc(200))
  writer.roll()
  writer.close()
  const damaged = openSync(join(queue, '000000000.q'), 'r+')
  writeSync(damaged, Buffer.from('damage'), 0, 6, 64 + 64)
  using reader = openReader(queue, 'audit', { start: 'earliest', onCorrupt: 'skip' })
  while (reader.next() !== undefined);
  stop()
  writer = openWriter(queue)
  writer.roll()
  expect(new Set(lines.map((line) => line.split(' ')[1]))).toEqual(new Set(['chronicle:roll', 'chronicle:damage']))
})
