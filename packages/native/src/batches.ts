import { APPENDER_BATCH_COUNT, type NativeAppender, STATUS_OK, type Status } from './binding.js'

/** What native code gives; a call takes at most {@link SPREAD_MAX} payloads. */
export interface SpreadAppender extends Omit<NativeAppender, 'appendBatch'> {
  appendSpread(typeIds: Uint16Array, details: Uint8Array | undefined, from: number, ...payloads: readonly Uint8Array[]): Status
}

const SPREAD_MAX = 512

/**
 * Adds `appendBatch`. Payloads reach native code as arguments of one call. As an array, whose elements native code would have to fetch one by one, they would cost much more: see
 * docs/decisions/0012-batches-are-spread.md.
 */
export function withBatches(appender: SpreadAppender): NativeAppender {
  function appendChunks(typeIds: Uint16Array, payloads: readonly Uint8Array[], from: number, details?: Uint8Array): Status {
    let next = from
    let status: Status = STATUS_OK
    while (status === STATUS_OK && next < payloads.length) {
      status = appender.appendSpread(typeIds, details, next, ...payloads.slice(next, next + SPREAD_MAX))
      next += appender.state[APPENDER_BATCH_COUNT] as number
    }
    appender.state[APPENDER_BATCH_COUNT] = next - from
    return status
  }

  function appendBatch(typeIds: Uint16Array, payloads: readonly Uint8Array[], from: number, details?: Uint8Array): Status {
    if (from === 0 && payloads.length <= SPREAD_MAX) return appender.appendSpread(typeIds, details, 0, ...payloads)
    return appendChunks(typeIds, payloads, from, details)
  }

  return Object.assign(appender, { appendBatch })
}
