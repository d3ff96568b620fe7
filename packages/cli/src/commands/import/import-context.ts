import { isDeepStrictEqual } from 'node:util'
import type { AppendOptions, SourcePosition, TraceOption } from '@chronicle-ts/core'
import { SOURCE_OUTPUT_INDEX_MAX } from '@chronicle-ts/core/internal'
import type { ColdRecord } from '@chronicle-ts/inspect'

/** What a message carries beside its payload: a trace context or a source position. */
export type MessageContext = Pick<AppendOptions, 'trace' | 'source'>

const U32_MAX = 0xffff_ffff

/** The context that an input gives a message; what is wrong with it as a string. */
export function contextOf({ trace, source }: { readonly trace: unknown; readonly source: unknown }): MessageContext | string {
  if (trace !== undefined && source !== undefined) return 'a message has room for a trace or a source, not for both'
  if (trace !== undefined) {
    const read = traceOf(trace)
    return read === undefined ? 'trace must have a traceId and a spanId in hexadecimal, not all zero' : { trace: read }
  }
  if (source === undefined) return {}
  const read = sourceOf(source)
  return read === undefined
    ? 'source must have sourceSequence, sourceId, sourceEpoch, outputIndex and isLastOutput, as export writes them'
    : { source: read }
}

function traceOf(value: unknown): TraceOption | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { traceId, spanId, sampled = false, random = false } = value as Record<string, unknown>
  if (!isId(traceId, 32) || !isId(spanId, 16)) return undefined
  return typeof sampled === 'boolean' && typeof random === 'boolean' ? { traceId, spanId, sampled, random } : undefined
}

function isId(value: unknown, digits: number): value is string {
  return typeof value === 'string' && value.length === digits && /^[0-9a-f]+$/i.test(value) && !/^0+$/.test(value)
}

function sourceOf(value: unknown): SourcePosition | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { sourceSequence, sourceId, sourceEpoch, outputIndex, isLastOutput } = value as Record<string, unknown>
  const isSource =
    isCount(sourceSequence, Number.MAX_SAFE_INTEGER) &&
    isCount(sourceId, U32_MAX) &&
    isCount(sourceEpoch, U32_MAX) &&
    isCount(outputIndex, SOURCE_OUTPUT_INDEX_MAX) &&
    typeof isLastOutput === 'boolean'
  return isSource ? { sourceSequence, sourceId, sourceEpoch, outputIndex, isLastOutput } : undefined
}

function isCount(value: unknown, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max
}

/** Whether a record has this context. */
export function isSameContext(record: Pick<ColdRecord, 'trace' | 'source'>, { trace, source }: MessageContext): boolean {
  if (trace === undefined) return source === undefined || isDeepStrictEqual(record.source, source)
  const { traceId, spanId, sampled, random } = record.trace ?? {}
  const hex = (id: Uint8Array | undefined): string => Buffer.from(id ?? []).toString('hex')
  return (
    hex(traceId) === String(trace.traceId).toLowerCase() &&
    hex(spanId) === String(trace.spanId).toLowerCase() &&
    sampled === trace.sampled &&
    random === trace.random
  )
}

/** The context of a line of CSV, whose cells are text; empty ones say nothing. */
export function contextOfCells(cell: (name: string) => string | undefined): MessageContext | string {
  const traced = ['traceId', 'spanId', 'sampled', 'random']
  const made = ['sourceSequence', 'sourceId', 'sourceEpoch', 'outputIndex', 'isLastOutput']
  return contextOf({ trace: objectOf(traced, cell), source: objectOf(made, cell) })
}

/** `undefined` when all cells are empty. */
function objectOf(names: readonly string[], cell: (name: string) => string | undefined): object | undefined {
  const cells = names.flatMap((name) => {
    const text = cell(name)
    return text === undefined ? [] : [[name, cellValue(name, text)] as const]
  })
  return cells.length === 0 ? undefined : Object.fromEntries(cells)
}

/** Ids of traces are digits, too, and no numbers. */
function cellValue(name: string, text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return name.endsWith('Id') && name !== 'sourceId' ? text : /^\d{1,16}$/.test(text) ? Number(text) : text
}
