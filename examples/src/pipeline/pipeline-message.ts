/**
 * Layout of the pipeline's messages.
 *
 * ```text
 *        0       1       2       3       4       5       6       7
 *      +---------------------------------------------------------------+
 *    0 |                         sourceSequence                        |
 *      +---------------------------------------------------------------+
 *    8 |                             value                             |
 *      +---------------------------------------------------------------+
 * ```
 *
 * `sourceSequence`: u64, the sequence of the message in A's queue that this one was made from. It is what makes a message recognisable when it comes
 * twice. `value`: f64.
 */
export const SOURCE_SEQUENCE_OFFSET = 0
export const VALUE_OFFSET = 8
export const PIPELINE_MESSAGE_LENGTH = 16
export const NUMBER_TYPE = 1
/** Nothing follows; its value says nothing. */
export const END_TYPE = 2

export interface PipelineMessage {
  readonly sourceSequence: number
  readonly value: number
}

export function encodePipelineMessage({ sourceSequence, value }: PipelineMessage): Buffer {
  const payload = Buffer.alloc(PIPELINE_MESSAGE_LENGTH)
  payload.writeBigUInt64LE(BigInt(sourceSequence), SOURCE_SEQUENCE_OFFSET)
  payload.writeDoubleLE(value, VALUE_OFFSET)
  return payload
}

export function decodePipelineMessage(payload: Buffer): PipelineMessage {
  return {
    sourceSequence: Number(payload.readBigUInt64LE(SOURCE_SEQUENCE_OFFSET)),
    value: payload.readDoubleLE(VALUE_OFFSET),
  }
}
