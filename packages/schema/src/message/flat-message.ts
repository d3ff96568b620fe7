import { BadMessageError, InvalidArgumentError } from '../errors/index.js'
import { specsOf } from '../fields/builders.js'
import type {
  Fields,
  Flat,
  InputOf,
  LaterShapeOf,
  ReadBody,
  Shape,
  ShapeOf,
  SizesOf,
  ValueOf,
  WriteBody,
} from '../fields/field.js'
import type { BodyPlan } from '../flyweight/body-plan.js'
import { BASE, END, type Flyweight, TO_VALUE, VERSION, VIEW } from '../flyweight/flyweight.js'
import { BlockLengths, blockLengthAt } from '../layout/field-size.js'
import { DATA_ALIGNMENT, placeFields } from '../layout/flat-layout.js'
import { flatLength, placeSlots, type Sizes, type Slot, sizesOfValue } from '../layout/sizes.js'
import { isSlot, type SchemaDescription } from '../spec/field-spec.js'
import { checkName, checkRange, checkTypeId, checkVersion } from './check-message.js'
import { InPlaceMessage, zeroRange } from './in-place-message.js'
import type { MessageReader, MessageWriter, WriterOptions } from './message-type.js'

/** The types of a message with these fields. */
export interface FlatTypes<S extends Shape> {
  readonly body: ReadBody<S>
  readonly write: WriteBody<S>
  readonly value: ValueOf<S>
  readonly input: InputOf<S>
  readonly sizes: SizesOf<S>
}

/** A message type in the encoding flat1: made by {@link message}, extended by {@link FlatMessage.since}. */
export class FlatMessage<Name extends string = string, S extends Shape = Shape> extends InPlaceMessage<Name, FlatTypes<S>> {
  readonly #slots: readonly Slot[]
  readonly #blockLength: number
  readonly #blockLengths: BlockLengths
  readonly #needsAlignment: boolean

  /** Use {@link message}. @param description must have been checked. */
  constructor(description: SchemaDescription) {
    super(description)
    const { fields, version } = description
    this.#slots = fields.filter((field): field is Slot => isSlot(field))
    this.#blockLength = blockLengthAt(fields, version)
    this.#blockLengths = new BlockLengths(fields)
    this.#needsAlignment = fields.some((field) => isSlot(field) || field.kind === 'array')
  }

  /**
   * Adds fields in a later version; all of them can be absent, because older messages do not have them. Append-only by construction: nothing that is there can
   * be changed. Without fields it marks a version that only adds members to an enum or flags.
   *
   * @param version greater than the last one, at most 255
   * @throws `ERR_INVALID_ARGUMENT` for a version that is not greater, or a name that is taken
   */
  since<const F extends Fields>(version: number, fields: F): FlatMessage<Name, Flat<S & LaterShapeOf<F>>> {
    checkVersion(version)
    if (version <= this.version)
      throw new InvalidArgumentError({ argument: 'version', value: version, expected: `more than ${this.version}` })
    const specs = specsOf(fields)
    const taken = this.description.fields.find(({ name }) => Object.hasOwn(specs, name))
    if (taken !== undefined)
      throw new InvalidArgumentError({ argument: 'field name', value: taken.name, expected: 'a name that is not taken' })
    const later = Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [name, spec.kind === 'flags' ? spec : { ...spec, optional: true as const }]),
    )
    const added = placeFields(this.description.fields, later as typeof specs, version)
    return new FlatMessage({ ...this.description, version, fields: [...this.description.fields, ...added] })
  }

  reader(): MessageReader<ReadBody<S>, ValueOf<S>> {
    return new FlatReader(this.readPlan, this.name, this.#blockLengths) as unknown as MessageReader<ReadBody<S>, ValueOf<S>>
  }

  writer(options: WriterOptions = {}): MessageWriter<WriteBody<S>, SizesOf<S>> {
    const body = this.writePlan.create()
    const isZeroed = options.zeroed === true
    return {
      length: (sizes) => flatLength(this.#slots, this.#blockLength, sizes as Sizes | undefined, this.name),
      begin: (view, offset, length, sizes) => {
        this.#begin(body, { view, offset, length, isZeroed }, sizes as Sizes | undefined)
        return body as unknown as WriteBody<S>
      },
    }
  }

  protected override get isLittle(): boolean {
    return true
  }

  protected override sizesOf(input: InputOf<S>): SizesOf<S> {
    return sizesOfValue(this.description.fields, input, this.name) as SizesOf<S>
  }

  #begin(
    body: Flyweight,
    target: { view: DataView; offset: number; length: number; isZeroed: boolean },
    sizes: Sizes | undefined,
  ): void {
    const { view, offset, length, isZeroed } = target
    this.checkTarget(view, offset, length, flatLength(this.#slots, this.#blockLength, sizes, this.name))
    if (this.#needsAlignment && (view.byteOffset + offset) % DATA_ALIGNMENT !== 0)
      throw new InvalidArgumentError({
        argument: `${this.name}: offset`,
        value: view.byteOffset + offset,
        expected: `a multiple of ${DATA_ALIGNMENT}`,
      })
    if (!isZeroed) zeroRange(view, offset, offset + length)
    body[VIEW] = view
    body[BASE] = offset
    body[END] = offset + length
    body[VERSION] = this.version
    this.writePlan.setNulls(body)
    if (this.#slots.length > 0) placeSlots(body, this.#slots, this.#blockLength, sizes, this.name, this.writePlan.roomOf)
  }
}

class FlatReader implements MessageReader<Flyweight, unknown> {
  readonly body: Flyweight
  readonly #type: string
  readonly #blockLengths: BlockLengths

  constructor(plan: BodyPlan, type: string, blockLengths: BlockLengths) {
    this.body = plan.create()
    this.#type = type
    this.#blockLengths = blockLengths
  }

  wrap(view: DataView, offset: number, length: number, version = 1): Flyweight {
    checkRange(this.#type, view, offset, length)
    const known = version === 0 ? 1 : version
    const blockLength = this.#blockLengths.at(known)
    if (length < blockLength)
      throw new BadMessageError({
        type: this.#type,
        detail: `${length} bytes, shorter than the block of ${blockLength} bytes of version ${known}`,
      })
    const body = this.body
    body[VIEW] = view
    body[BASE] = offset
    body[END] = offset + length
    body[VERSION] = known
    return body
  }

  value(): unknown {
    return (this.body as unknown as { [TO_VALUE](): unknown })[TO_VALUE]()
  }
}

/**
 * Defines a type of message in the encoding flat1: a block of fixed fields in order of declaration, variable parts behind it. Version 1; see
 * {@link FlatMessage.since} for later ones.
 *
 * @param typeId what the record carries, 0 to 65534
 * @throws `ERR_INVALID_ARGUMENT`
 */
export function message<const Name extends string, const F extends Fields>(
  name: Name,
  typeId: number,
  fields: F,
): FlatMessage<Name, ShapeOf<F>> {
  checkName(name)
  checkTypeId(typeId)
  return new FlatMessage({ name, typeId, version: 1, encoding: 'flat1', fields: placeFields([], specsOf(fields)) })
}
