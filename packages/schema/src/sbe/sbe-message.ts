import { checkOptions, FLAG } from '../errors/check-options.js'
import { BadMessageError, InvalidArgumentError } from '../errors/index.js'
import { planBody } from '../flyweight/body-plan.js'
import type { BodyPlan } from '../flyweight/field-place.js'
import { type Flyweight, placeBody, TO_VALUE } from '../flyweight/flyweight.js'
import { readHeaderField } from '../flyweight/section-walk.js'
import { BlockLengths } from '../layout/field-size.js'
import { checkName, checkRange, checkTypeId, viewOf } from '../message/check-message.js'
import { InPlaceMessage, zeroRange } from '../message/in-place-message.js'
import type { MessageReader, MessageWriter, WriterOptions } from '../message/message-type.js'
import type { SbeHeader, SchemaDescription } from '../spec/field-spec.js'
import { placeSections, type SbeSizes, sectionSizesOf, storeHeaderField } from './section-sizes.js'

/** A schema that was read at run time has no types at compile time. */
export interface SbeTypesOfMessage {
  // biome-ignore lint/suspicious/noExplicitAny: the fields are known at run time only
  readonly body: any
  // biome-ignore lint/suspicious/noExplicitAny: the fields are known at run time only
  readonly write: any
  readonly value: Record<string, unknown>
  readonly input: Readonly<Record<string, unknown>>
  readonly sizes: SbeSizes
}

/**
 * A message of an SBE schema. Its payload begins with the schema's message header, which says the length of the block and the version; the version of the
 * queue's record is not asked. Groups are read like lists; data is text or bytes.
 */
export class SbeMessage extends InPlaceMessage<string, SbeTypesOfMessage> {
  readonly templateId: number
  readonly schemaId: number
  readonly #header: SbeHeader
  readonly #blockLength: number
  readonly #blockLengths: BlockLengths
  #headerPlan: BodyPlan | undefined

  /** @internal Use `fromSbe`. @param description must have been checked. */
  static of(description: SchemaDescription): SbeMessage {
    return new SbeMessage(description)
  }

  private constructor(description: SchemaDescription) {
    super(description)
    checkName(description.name)
    checkTypeId(description.typeId)
    const { sbe } = description
    if (sbe === undefined)
      throw new InvalidArgumentError({ argument: 'description', value: description.encoding, expected: 'the encoding sbe' })
    this.templateId = sbe.templateId
    this.schemaId = sbe.schemaId
    this.#header = sbe.header
    this.#blockLength = sbe.blockLength
    this.#blockLengths = new BlockLengths(description.fields)
  }

  reader(): MessageReader<SbeTypesOfMessage['body'], Record<string, unknown>> {
    const { name: type, templateId, schemaId, isLittle } = this
    return new SbeReader(this.readPlan, { type, templateId, schemaId, header: this.#header, isLittle }, this.#blockLengths)
  }

  writer(options: WriterOptions = {}): MessageWriter<SbeTypesOfMessage['write'], SbeSizes> {
    checkOptions(options, { zeroed: FLAG })
    const body = this.writePlan.create()
    const { fields } = this.description
    const measure = (sizes: SbeSizes | undefined) =>
      placeSections(fields, this.#header.size + this.#blockLength, sizes, {
        view: undefined,
        end: 0,
        little: this.isLittle,
        type: this.name,
      })
    return {
      length: measure,
      begin: (view, offset, length, sizes) => {
        this.checkTarget(view, offset, length, measure(sizes))
        if (options.zeroed !== true) zeroRange(view, offset, offset + length)
        this.#begin(body, view, { offset, length }, sizes)
        return body
      },
      end: () => body['~place'].leave(),
    }
  }

  /** The message header of a payload, with the fields that the schema's author added. @throws `ERR_BAD_MESSAGE` */
  header(bytes: Uint8Array): Record<string, unknown> {
    const view = viewOf(bytes, this.name)
    if (bytes.byteLength < this.#header.size) throw new BadMessageError({ type: this.name, detail: 'shorter than its header' })
    const body = this.#planOfHeader().create()
    placeBody(body, view, { base: 0, end: this.#header.size, version: this.version, blockEnd: 0 })
    return (body as unknown as { [TO_VALUE](): Record<string, unknown> })[TO_VALUE]()
  }

  /** Sets fields that the schema's author added to the message header of an encoded message. @throws `ERR_INVALID_ARGUMENT` */
  setHeader(bytes: Uint8Array, values: Readonly<Record<string, unknown>>): void {
    const view = viewOf(bytes, this.name)
    const body = this.#planOfHeader().create()
    placeBody(body, view, { base: 0, end: this.#header.size, version: this.version, blockEnd: 0 })
    this.#planOfHeader().assign(body, { ...this.header(bytes), ...values })
  }

  /** @internal */
  protected override get isLittle(): boolean {
    return this.description.sbe?.byteOrder === 'little'
  }

  /** @internal */
  protected override sizesOf(input: SbeTypesOfMessage['input']): SbeSizes {
    return sectionSizesOf(this.description.fields, input, this.name)
  }

  #planOfHeader(): BodyPlan {
    this.#headerPlan ??= planBody(this.#header.fields, {
      type: this.name,
      path: 'header',
      little: this.isLittle,
      isWritten: true,
    })
    return this.#headerPlan
  }

  #begin(
    body: Flyweight,
    view: DataView,
    { offset, length }: { offset: number; length: number },
    sizes: SbeSizes | undefined,
  ): void {
    const { size, blockLength, templateId, schemaId, version } = this.#header
    const little = this.isLittle
    storeHeaderField(view, offset, blockLength, this.#blockLength, little)
    storeHeaderField(view, offset, templateId, this.templateId, little)
    storeHeaderField(view, offset, schemaId, this.schemaId, little)
    storeHeaderField(view, offset, version, this.version, little)
    const base = offset + size
    const blockEnd = base + this.#blockLength
    const end = offset + length
    placeSections(this.description.fields, blockEnd, sizes, { view, end, little, type: this.name })
    placeBody(body, view, { base, end, version: this.version, blockEnd })
    this.writePlan.setNulls(body)
  }
}

interface SbeFacts {
  readonly type: string
  readonly templateId: number
  readonly schemaId: number
  readonly header: SbeHeader
  readonly isLittle: boolean
}

class SbeReader implements MessageReader<Flyweight, Record<string, unknown>> {
  readonly body: Flyweight
  readonly #facts: SbeFacts
  readonly #blockLengths: BlockLengths

  constructor(plan: BodyPlan, facts: SbeFacts, blockLengths: BlockLengths) {
    this.body = plan.create()
    this.#facts = facts
    this.#blockLengths = blockLengths
  }

  wrap(view: DataView, offset: number, length: number): Flyweight {
    const { type, header, isLittle, templateId, schemaId } = this.#facts
    checkRange(type, view, offset, length)
    if (length < header.size)
      throw new BadMessageError({ type, detail: `${length} bytes, shorter than the header of ${header.size} bytes` })
    const blockLength = readHeaderField(view, offset, header.blockLength, isLittle)
    const version = readHeaderField(view, offset, header.version, isLittle)
    const template = readHeaderField(view, offset, header.templateId, isLittle)
    const schema = readHeaderField(view, offset, header.schemaId, isLittle)
    if (template !== templateId) throw new BadMessageError({ type, detail: `template ${template} instead of ${templateId}` })
    if (schema !== schemaId) throw new BadMessageError({ type, detail: `schema ${schema} instead of ${schemaId}` })
    const needed = this.#blockLengths.at(version)
    if (blockLength < needed)
      throw new BadMessageError({ type, detail: `a block of ${blockLength} bytes instead of ${needed} in version ${version}` })
    const base = offset + header.size
    if (base + blockLength > offset + length)
      throw new BadMessageError({ type, detail: `${length} bytes, shorter than header and block` })
    placeBody(this.body, view, { base, end: offset + length, version, blockEnd: base + blockLength })
    return this.body
  }

  value(): Record<string, unknown> {
    return (this.body as unknown as { [TO_VALUE](): Record<string, unknown> })[TO_VALUE]()
  }
}
