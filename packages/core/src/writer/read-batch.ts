import { InvalidArgumentError } from '../errors/index.js'
import { checkOptionNames, type OptionNames } from '../files/option-names.js'
import type { MessageFields } from '../reader/message-fields.js'
import type { BatchMessage } from './append-options.js'
import { encodeBatchDetails, type RecordDetails, readDetails } from './record-details.js'

/** A batch as the caller gave it, read once: no code of the caller runs after that, and a batch inside of a batch has arrays of its own. */
export interface ReadBatch {
  /** As they were given: the appender refuses what is not a type. */
  readonly typeIds: readonly unknown[]
  readonly payloads: readonly Uint8Array[]
  /** Those of all messages for native code, `undefined` when no message has any. */
  readonly details: Uint8Array | undefined
}

/** What a message may be given, and what a message that was read has: copies of messages can be appended as they are. */
const MESSAGE_NAMES: OptionNames<BatchMessage & MessageFields> = {
  typeId: true,
  payload: true,
  timestampNs: true,
  schemaVersion: true,
  trace: true,
  source: true,
  sequence: true,
  length: true,
  segmentId: true,
  offset: true,
  flags: true,
  payloadCrc: true,
  writerEpoch: true,
}

/** Reads every message. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`: nothing was appended. */
export function readBatch(messages: Iterable<BatchMessage>, extensions: boolean): ReadBatch {
  const list = Array.isArray(messages) ? (messages as readonly BatchMessage[]) : listOf(messages)
  const count = list.length
  // Not a typed array: its bytes would be outside of the engine's heap, and a batch would cost a fourth more.
  const typeIds = new Array<unknown>(count)
  const payloads = new Array<Uint8Array>(count)
  let details: (RecordDetails | undefined)[] | undefined
  for (let index = 0; index < count; index++) {
    const message = list[index]
    if (typeof message !== 'object' || message === null)
      throw new InvalidArgumentError({
        argument: `messages[${index}]`,
        value: message,
        expected: 'an object with typeId and payload',
      })
    const { typeId, payload } = message
    typeIds[index] = typeId
    payloads[index] = payload
    const isPlain = !hasDetails(message)
    if (index === 0 || !isPlain) checkNames(message, index)
    const own = isPlain ? undefined : readDetails(message, extensions)
    if (own !== undefined) {
      details ??= new Array<RecordDetails | undefined>(count).fill(undefined)
      details[index] = own
    }
  }
  return { typeIds, payloads, details: details === undefined ? undefined : encodeBatchDetails(details) }
}

/**
 * Refuses a name that no message has. Plain messages after the first are left out, because a look at each costs too much (docs/performance.md). The messages of a batch mostly have the same names.
 */
function checkNames(message: BatchMessage, index: number): void {
  for (const name in message)
    if (MESSAGE_NAMES[name as keyof typeof MESSAGE_NAMES] !== true)
      checkOptionNames(message, Object.keys(MESSAGE_NAMES), `messages[${index}]`)
}

function hasDetails({ timestampNs, schemaVersion, trace, source }: BatchMessage): boolean {
  return timestampNs !== undefined || schemaVersion !== undefined || trace !== undefined || source !== undefined
}

function listOf(messages: unknown): readonly BatchMessage[] {
  if (typeof messages === 'object' && messages !== null && Symbol.iterator in messages)
    return [...(messages as Iterable<BatchMessage>)]
  throw new InvalidArgumentError({ argument: 'messages', value: messages, expected: 'an array of messages, or another iterable' })
}
