import { crc32 } from 'node:zlib'
import {
  type BatchMessage,
  type CommittedMessage,
  InvalidArgumentError,
  type Message,
  NotDeterministicError,
  TooLargeError,
} from '@chronicle-ts/core'
import { maxPayloadLengthOf, RECORD_SCHEMA_VERSION_MAX, RECORD_TYPE_ID_MAX } from '@chronicle-ts/core/internal'
import type { LastInput, OutputPrint } from './output-history.js'

/** Most outputs of one input: their index is 16 bits wide. */
export const OUTPUTS_MAX = 0x1_0000

/** Which input an output belongs to. */
export interface RunInput {
  readonly name: string
  readonly sourceId: number
  /** Of the output. */
  readonly segmentSize: number
  /** What a former run left of this input's outputs. */
  readonly before: LastInput | undefined
}

/** One input message while it is processed, and what it led to so far. */
export class InputRun {
  readonly input: RunInput
  readonly sequence: number
  readonly #epoch: number
  readonly #timestampNs: bigint
  readonly #outputs: {
    readonly typeId: number
    readonly payload: Buffer
    readonly schemaVersion: number | undefined
    readonly timestampNs: bigint
  }[] = []

  /** @param place of the message, which moves on. */
  constructor(
    input: RunInput,
    message: Message,
    readonly place: CommittedMessage,
  ) {
    this.input = input
    this.sequence = message.sequence
    this.#epoch = message.writerEpoch
    this.#timestampNs = message.timestampNs
  }

  get count(): number {
    return this.#outputs.length
  }

  /** The payload is copied: the outputs are appended together, when the input is done. An output has the time of its input unless it is given one. */
  emit(typeId: number, payload: Uint8Array, options: { readonly timestampNs?: bigint; readonly schemaVersion?: number }): void {
    const { timestampNs = this.#timestampNs, schemaVersion } = options
    checkOutput({ typeId, payload, timestampNs, schemaVersion })
    // Found at the append it would leave the outputs before it in the queue, and the program could never emit anything else for this input.
    this.#checkLength(payload.length)
    this.#outputs.push({ typeId, payload: Buffer.from(payload), schemaVersion, timestampNs })
  }

  /**
   * Returns the outputs that are to be appended: all of them, or those that a former run did not get to.
   *
   * @param directory of the output, for the error.
   * @throws {@link NotDeterministicError} when a former run's outputs of the same input differ.
   */
  outputs(directory: string): BatchMessage[] {
    const before = this.input.before?.sequence === this.sequence ? this.input.before.outputs : []
    for (const [index, print] of before.entries()) this.#compare(print, index, directory)
    // An input whose last output is in the queue is never run again.
    if (before.length > 0 && before.length >= this.#outputs.length)
      throw this.#differs(directory, this.#outputs.length, 'more outputs than there are now', 'no further output')
    return this.#outputs
      .slice(before.length)
      .map((output, index) => ({ ...output, source: this.#sourceOf(before.length + index) }))
  }

  #checkLength(length: number): void {
    const { segmentSize } = this.input
    const maxLength = maxPayloadLengthOf(segmentSize)
    if (length > maxLength) throw new TooLargeError({ length, maxLength, segmentSize })
  }

  #sourceOf(outputIndex: number): NonNullable<BatchMessage['source']> {
    return {
      sourceSequence: this.sequence,
      sourceId: this.input.sourceId,
      sourceEpoch: this.#epoch,
      outputIndex,
      isLastOutput: outputIndex === this.#outputs.length - 1,
    }
  }

  #compare(print: OutputPrint | undefined, index: number, directory: string): void {
    const output = this.#outputs[index]
    // Deleted by retention: nothing is left to compare with.
    if (print === undefined) return
    if (output === undefined) throw this.#differs(directory, index, describe(print), 'no further output')
    const found = { typeId: output.typeId, length: output.payload.length, payloadCrc: crc32(output.payload) }
    const isEqual = found.typeId === print.typeId && found.length === print.length && found.payloadCrc === print.payloadCrc
    if (!isEqual) throw this.#differs(directory, index, describe(print), describe(found))
  }

  #differs(directory: string, outputIndex: number, expected: string, found: string): NotDeterministicError {
    const { name: source } = this.input
    return new NotDeterministicError({ directory, source, sourceSequence: this.sequence, outputIndex, expected, found })
  }
}

/** What the append at the end of the message would refuse, when the program can no longer do anything about it. @throws {@link InvalidArgumentError} */
function checkOutput({ typeId, payload, timestampNs, schemaVersion = 0 }: Readonly<Record<string, unknown>>): void {
  const refuse = (argument: string, value: unknown, expected: string): never => {
    throw new InvalidArgumentError({ argument, value, expected })
  }
  const isWithin = (value: unknown, max: number) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max
  if (!isWithin(typeId, RECORD_TYPE_ID_MAX)) refuse('typeId', typeId, `an integer of 0 to ${RECORD_TYPE_ID_MAX}`)
  if (!(payload instanceof Uint8Array)) refuse('payload', payload, 'a Uint8Array')
  if (typeof timestampNs !== 'bigint' || timestampNs < 0n || timestampNs >= 1n << 64n)
    refuse('timestampNs', timestampNs, 'a bigint of nanoseconds from 0 to 2^64 - 1')
  if (!isWithin(schemaVersion, RECORD_SCHEMA_VERSION_MAX))
    refuse('schemaVersion', schemaVersion, `an integer of 0 to ${RECORD_SCHEMA_VERSION_MAX}`)
}

function describe({ typeId, length, payloadCrc }: OutputPrint): string {
  return `type ${typeId}, ${length} bytes, CRC-32 ${payloadCrc.toString(16).padStart(8, '0')}`
}
