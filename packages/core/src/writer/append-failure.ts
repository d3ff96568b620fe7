import { STATUS_BAD_PAYLOAD, STATUS_BAD_TYPE, STATUS_CLAIM, STATUS_ENDED, STATUS_TOO_LARGE } from '@chronicle-ts/native'
import { BadSegmentError, InvalidArgumentError, type QueueError, SegmentTruncatedError, TooLargeError } from '../errors/index.js'
import { maxPayloadLengthOf } from '../format/index.js'

export interface RefusedAppend {
  readonly writer: { readonly directory: string; readonly segmentSize: number; readonly position: { readonly segmentId: number } }
  readonly typeId?: unknown
  readonly payload?: unknown
  /** Of a claim. */
  readonly length?: number
}

/** The error that a status of the native appender stands for. */
export function appendFailure(status: number, refused: RefusedAppend): QueueError {
  const { writer, typeId, payload } = refused
  const { directory, segmentSize } = writer
  switch (status) {
    case STATUS_BAD_TYPE:
      return new InvalidArgumentError({ argument: 'typeId', value: typeId, expected: 'an integer from 0 to 65534' })
    case STATUS_BAD_PAYLOAD:
      if (refused.length !== undefined)
        return new InvalidArgumentError({ argument: 'length', value: refused.length, expected: 'an integer from 0 on' })
      return new InvalidArgumentError({ argument: 'payload', value: payload, expected: 'a Uint8Array that is not detached' })
    case STATUS_TOO_LARGE: {
      const length = refused.length ?? (payload as Uint8Array).length
      return new TooLargeError({ length, maxLength: maxPayloadLengthOf(segmentSize), segmentSize })
    }
    case STATUS_ENDED: {
      const { segmentId } = writer.position
      return new BadSegmentError({ path: directory, segmentId, detail: 'the next sequence would be 2^53, above the maximum' })
    }
    case STATUS_CLAIM:
      return new InvalidArgumentError({
        argument: 'claim',
        value: 'open',
        expected: 'the open claim to be committed or aborted first',
      })
    default:
      // STATUS_FAULT: the writer rolls by itself, and asks a detached appender nothing.
      return new SegmentTruncatedError({ directory })
  }
}
