import {
  APPENDER_BATCH_COUNT,
  APPENDER_BLOCK_END,
  type NativeAppender,
  STATUS_BAD_PAYLOAD,
  type Status,
} from '@chronicle-ts/native'
import { checkOffsets, type PackedMessages } from './packed-messages.js'
import type { ReadBatch } from './read-batch.js'

/** Appends that are one call of the user, with rolls between them where they need them. */
export interface ManyAppends {
  /** Goes on after `count` of them, until one does not go in. */
  readonly attempt: (count: number) => Status
  /** What the one after `count` is, for its error. */
  readonly refused: (count: number) => { readonly typeId: unknown; readonly payload: unknown }
}

export function batchAppends(appender: NativeAppender, { typeIds, payloads, details }: ReadBatch): ManyAppends {
  return {
    attempt: (count) => appender.appendBatch(typeIds, payloads, count, details),
    refused: (count) => ({ typeId: typeIds[count], payload: payloads[count] }),
  }
}

/** @param packed checked. */
export function packedAppends(appender: NativeAppender, packed: PackedMessages): ManyAppends {
  const { typeIds, bytes, offsets } = packed
  return {
    attempt: (count) => {
      const status = appender.appendPacked(typeIds, bytes, offsets, count)
      if (status === STATUS_BAD_PAYLOAD && count === 0 && appender.state[APPENDER_BATCH_COUNT] === 0) checkOffsets(packed)
      return status
    },
    refused: (count) => ({
      typeId: typeof typeIds === 'number' ? typeIds : typeIds[count],
      payload: bytes.subarray(offsets[count], offsets[count + 1]),
    }),
  }
}

/** @param block checked. */
export function blockAppends(appender: NativeAppender, block: Uint8Array): ManyAppends {
  let from = 0
  return {
    attempt: () => {
      const status = appender.appendBlock(block, from)
      from = appender.state[APPENDER_BLOCK_END] as number
      return status
    },
    refused: () => ({ typeId: undefined, payload: block }),
  }
}
