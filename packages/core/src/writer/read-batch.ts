import { InvalidArgumentError } from '../errors/index.js'
import { checkOptionNames, type OptionNames } from '../files/option-names.js'
import type { MessageFields } from '../reader/message-fields.js'
import type { BatchMessage } from './append-options.js'
import { encodeBatchDetails, type RecordDetails, readDetails } from './record-details.js'

/** A batch as the caller gave it, read once: no code of the caller runs after that, and a batch inside of a batch has arrays of its own. */
export interface ReadBatch {
  /** What is not a type is the type of the padding record, which the appender refuses. */
  readonly typeIds: Uint16Array
  readonly payloads: readonly Uint8Array[]
  /** Those of all messages for native code, `undefined` when no message has any. */
  readonly details: Uint8Array | undefined
  /** The type as it was given, for an error. */
  readonly typeIdAt: (index: number) => unknown
}

const NOT_A_TYPE = 0xffff

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
  const typeIds = new Uint16Array(count)
  const payloads: Uint8Array[] = []
  let details: (RecordDetails | undefined)[] | undefined
  let badTypes: Map<number, unknown> | undefined
  for (let index = 0; index < count; index++) {
    const message = list[index]
    if (typeof message !== 'object' || message === null)
      throw new InvalidArgumentError({
        argument: `messages[${index}]`,
        value: message,
        expected: 'an object with typeId and payload',
      })
    const { typeId, payload } = message
    payloads.push(payload)
    const isPlain = !hasDetails(message)
    if (index === 0 || !isPlain) checkNames(message, index)
    const own = isPlain ? undefined : readDetails(message, extensions)
    if (own !== undefined) {
      details ??= new Array<RecordDetails | undefined>(count).fill(undefined)
      details[index] = own
    }
    if (isType(typeId)) typeIds[index] = typeId
    else {
      typeIds[index] = NOT_A_TYPE
      badTypes = (badTypes ?? new Map<number, unknown>()).set(index, typeId)
    }
  }
  return {
    typeIds,
    payloads,
    details: details === undefined ? undefined : encodeBatchDetails(details),
    typeIdAt: (index) => (badTypes?.has(index) ? badTypes.get(index) : typeIds[index]),
  }
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

/** A Uint16Array would wrap what is larger silently. */
function isType(typeId: unknown): typeId is number {
  return Number.isInteger(typeId) && (typeId as number) >= 0 && (typeId as number) <= NOT_A_TYPE
}

function listOf(messages: unknown): readonly BatchMessage[] {
  if (typeof messages === 'object' && messages !== null && Symbol.iterator in messages)
    return [...(messages as Iterable<BatchMessage>)]
  throw new InvalidArgumentError({ argument: 'messages', value: messages, expected: 'an array of messages, or another iterable' })
}
