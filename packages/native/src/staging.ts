import {
  APPENDER_BATCH_COUNT,
  APPENDER_LENGTH,
  APPENDER_SCHEMA_VERSION,
  APPENDER_TYPE_ID,
  DETAILS_LENGTH,
  type NativeAppender,
} from './native-appender.js'
import { STATUS_OK, type Status } from './status.js'

/** What native code gives. */
export interface RawAppender extends Omit<NativeAppender, 'appendBatch'> {
  /** Memory of the appender: see `Staging` in cpp/appender_calls.h. */
  readonly staging: Uint8Array
  /** Appends `state[APPENDER_LENGTH]` staged bytes as one message of type `state[APPENDER_TYPE_ID]` with `state[APPENDER_SCHEMA_VERSION]`. */
  appendStaged(): Status
  /** Appends `state[APPENDER_LENGTH]` staged messages. */
  appendStagedBatch(): Status
  /** {@link NativeAppender.claim} with `state[APPENDER_TYPE_ID]` and `state[APPENDER_LENGTH]`. */
  claimPlain(): Status
  /** Takes at most {@link BATCH_MAX} payloads, and a type for each. */
  appendSpread(typeIds: Uint16Array, details: Uint8Array | undefined, ...payloads: readonly Uint8Array[]): Status
}

/** Messages that go to native code in one call. */
const BATCH_MAX = 512
/** The type of the padding record, which native code refuses. */
const NOT_A_TYPE = 0xffff
const TYPE_IDS_OFFSET = 2056
const BYTES_OFFSET = 3080

/**
 * Longest payload that is staged alone. A longer one has its bytes outside of the engine's heap already, where native code gets them for less than the second copy costs.
 */
const STAGED_ALONE_MAX = 1024

// The getters look at the array itself: also at one of another realm, and at one whose class says something else.
const prototype = Object.getPrototypeOf(Uint8Array.prototype)
const kindOf = getter<string | undefined>(Symbol.toStringTag)
const lengthOf = getter<number>('length')

function getter<Value>(name: string | symbol): (this: unknown) => Value {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: unknown) => Value
}

/** Returns the length of a payload that may be staged, and 0 for what must go to native code as an argument. An empty payload is not staged: it may be a detached one. */
function stagedLength(payload: unknown): number {
  return kindOf.call(payload) === 'Uint8Array' ? lengthOf.call(payload) : 0
}

/** A Uint16Array would wrap what is larger silently. */
function isTypeId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < NOT_A_TYPE
}

/**
 * Passes what is small to native code without arguments: payloads by a staging area, numbers by the state. Native code would have to fetch each argument, and the address of a small array
 * most of all. docs/decisions/0012-batches-are-staged.md has the figures. What is not a plain case goes as arguments, and native code refuses what is invalid.
 */
export function withStaging(native: RawAppender): NativeAppender {
  const { state, append: appendArguments, appendWith: appendWithArguments, claim: claimArguments } = native
  const { appendStaged, appendStagedBatch, claimPlain } = native
  const staging = native.staging
  const offsets = new Uint32Array(staging.buffer, staging.byteOffset, BATCH_MAX + 1)
  const stagedTypeIds = new Uint16Array(staging.buffer, staging.byteOffset + TYPE_IDS_OFFSET, BATCH_MAX)
  const bytes = staging.subarray(BYTES_OFFSET)
  offsets[0] = 0

  /** Whether the message is in the staging area now. */
  function stageAlone(typeId: number, payload: Uint8Array): boolean {
    const length = stagedLength(payload)
    if (length === 0 || length > STAGED_ALONE_MAX || typeof typeId !== 'number') return false
    bytes.set(payload)
    state[APPENDER_TYPE_ID] = typeId
    state[APPENDER_LENGTH] = length
    return true
  }

  function append(typeId: number, payload: Uint8Array): Status {
    return stageAlone(typeId, payload) ? appendStaged() : appendArguments(typeId, payload)
  }

  function appendWith(typeId: number, payload: Uint8Array, details: number | Uint8Array): Status {
    if (typeof details !== 'number' || !stageAlone(typeId, payload)) return appendWithArguments(typeId, payload, details)
    state[APPENDER_SCHEMA_VERSION] = details
    return appendStaged()
  }

  function claim(typeId: number, length: number, details?: number | Uint8Array): Status {
    if (details !== undefined || typeof typeId !== 'number' || typeof length !== 'number')
      return claimArguments(typeId, length, details)
    state[APPENDER_TYPE_ID] = typeId
    state[APPENDER_LENGTH] = length
    return claimPlain()
  }

  /** Whether all of them are in the staging area now. */
  function stage(typeIds: ArrayLike<unknown>, payloads: readonly Uint8Array[], from: number, count: number): boolean {
    let at = 0
    for (let index = 0; index < count; index++) {
      const typeId = typeIds[from + index]
      const payload = payloads[from + index]
      const length = stagedLength(payload)
      if (!isTypeId(typeId) || length === 0 || length > bytes.length - at) return false
      bytes.set(payload as Uint8Array, at)
      at += length
      offsets[index + 1] = at
      stagedTypeIds[index] = typeId
    }
    return true
  }

  function appendPart(
    typeIds: ArrayLike<unknown>,
    payloads: readonly Uint8Array[],
    from: number,
    details: Uint8Array | undefined,
  ): Status {
    const count = Math.min(payloads.length - from, BATCH_MAX)
    if (details === undefined && stage(typeIds, payloads, from, count)) {
      state[APPENDER_LENGTH] = count
      return appendStagedBatch()
    }
    const types = Uint16Array.from({ length: count }, (_, index) => {
      const typeId = typeIds[from + index]
      return isTypeId(typeId) ? typeId : NOT_A_TYPE
    })
    return native.appendSpread(types, details?.subarray(from * DETAILS_LENGTH), ...payloads.slice(from, from + count))
  }

  function appendBatch(typeIds: ArrayLike<unknown>, payloads: readonly Uint8Array[], from: number, details?: Uint8Array): Status {
    let next = from
    let status: Status = STATUS_OK
    while (status === STATUS_OK && next < payloads.length) {
      status = appendPart(typeIds, payloads, next, details)
      next += state[APPENDER_BATCH_COUNT] as number
    }
    state[APPENDER_BATCH_COUNT] = next - from
    return status
  }

  return Object.assign(native, { append, appendWith, claim, appendBatch })
}
