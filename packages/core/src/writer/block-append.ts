import {
  APPENDER_BATCH_COUNT,
  APPENDER_BLOCK_END,
  APPENDER_NEXT_SEQUENCE,
  type NativeAppender,
  STATUS_BAD_HEADER_CRC,
  STATUS_BAD_LENGTH,
  STATUS_BAD_PAYLOAD_CRC,
  STATUS_OK,
  STATUS_SEQUENCE_GAP,
  STATUS_TOO_LARGE,
  STATUS_UNCOMMITTED,
} from '@chronicle-ts/native'
import { BadBlockError, InvalidArgumentError, TooLargeError } from '../errors/index.js'
import { maxPayloadLengthOf, RECORD_COMMIT_LENGTH_OFFSET, RECORD_SEQUENCE_OFFSET, viewOf } from '../format/index.js'
import { appendFailure } from './append-failure.js'

/** Statuses that are about a record of the block, in words. */
const PROBLEMS: Readonly<Record<number, string>> = {
  [STATUS_UNCOMMITTED]: 'a record in it has no commit word',
  [STATUS_BAD_LENGTH]: 'a record in it is cut off',
  [STATUS_BAD_PAYLOAD_CRC]: 'the payload of a record does not match its checksum',
  [STATUS_BAD_HEADER_CRC]: 'the header of a record does not match its checksum',
  [STATUS_SEQUENCE_GAP]: 'the sequence of a record is not the next one',
}

const NEEDS_EXTENSIONS = 'true in the options of openWriter: the base format has no room for what a block carries'

interface CheckedWriter {
  readonly directory: string
  readonly segmentSize: number
  readonly position: { readonly segmentId: number }
}

/**
 * Checks all of a block before any of it is appended.
 *
 * @throws {@link BadBlockError} `ERR_BAD_BLOCK`, {@link TooLargeError} `ERR_TOO_LARGE`, and what {@link appendFailure} makes of the other statuses.
 */
export function checkBlock(
  appender: NativeAppender,
  { writer, extensions }: { writer: CheckedWriter; extensions: boolean },
  block: Uint8Array,
): void {
  if (!extensions) throw new InvalidArgumentError({ argument: 'extensions', value: false, expected: NEEDS_EXTENSIONS })
  const status = appender.checkBlock(block)
  if (status === STATUS_OK) return
  const { directory, segmentSize } = writer
  const detail = PROBLEMS[status]
  if (detail === undefined && status !== STATUS_TOO_LARGE) throw appendFailure(status, { writer, payload: block })
  const offset = appender.state[APPENDER_BLOCK_END] as number
  const view = viewOf(block)
  if (detail === undefined) {
    const length = view.getUint32(offset + RECORD_COMMIT_LENGTH_OFFSET, true) - 1
    throw new TooLargeError({ length, maxLength: maxPayloadLengthOf(segmentSize), segmentSize })
  }
  const expected = (appender.state[APPENDER_NEXT_SEQUENCE] as number) + (appender.state[APPENDER_BATCH_COUNT] as number)
  const isReadable = status === STATUS_SEQUENCE_GAP
  const found = isReadable ? Number(view.getBigUint64(offset + RECORD_SEQUENCE_OFFSET, true)) : undefined
  throw new BadBlockError({ directory, offset, expected, found, detail })
}
