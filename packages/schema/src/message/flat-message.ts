import { checkOptions, FLAG } from '../errors/check-options.js'
import { InvalidArgumentError } from '../errors/index.js'
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
import { placeFields } from '../layout/flat-layout.js'
import { sizesOfValue } from '../layout/sizes.js'
import { checkKey, checkName, checkTypeId, checkVersion } from './check-message.js'
import { FlatReader, FlatWriter, ReadLayout, WriteLayout } from './flat-access.js'
import { InPlaceMessage } from './in-place-message.js'
import type { MessageReader, MessageWriter, WriterOptions } from './message-type.js'

/** The types of a message with these fields. */
export interface FlatTypes<S extends Shape, Key extends keyof S = never> {
  readonly key: S[Key]['read']
  readonly body: ReadBody<S>
  readonly write: WriteBody<S>
  readonly value: ValueOf<S>
  readonly input: InputOf<S>
  readonly sizes: SizesOf<S>
}

/** A message type in the encoding flat1: made by {@link message}, extended by {@link FlatMessage.since}. */
export class FlatMessage<
  Name extends string = string,
  S extends Shape = Shape,
  Key extends keyof S = never,
> extends InPlaceMessage<Name, FlatTypes<S, Key>> {
  #readLayout: ReadLayout | undefined
  #writeLayout: WriteLayout | undefined

  /**
   * Adds fields in a later version; all of them can be absent, because older messages do not have them. Append-only by construction: nothing that is there can
   * be changed. Without fields it marks a version that only adds members to an enum or flags.
   *
   * @param version greater than the last one, at most 255
   * @throws `ERR_INVALID_ARGUMENT` for a version that is not greater, or a name that is taken
   */
  since<const F extends Fields>(version: number, fields: F): FlatMessage<Name, Flat<S & LaterShapeOf<F>>, Key> {
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

  /**
   * Declares the field by which messages are chosen and kept apart, such as an instrument's id. It changes no byte and no version.
   *
   * @param field a number, a bigint, a string, a boolean or an enum
   * @throws `ERR_INVALID_ARGUMENT`
   */
  keyedBy<const K extends keyof S & string>(field: K): FlatMessage<Name, S, K> {
    checkKey(this.description.fields, field, this.name)
    return new FlatMessage({ ...this.description, key: field })
  }

  reader(): MessageReader<ReadBody<S>, ValueOf<S>> {
    this.#readLayout ??= new ReadLayout(this.description)
    return new FlatReader(this.readPlan, this.#readLayout) as unknown as MessageReader<ReadBody<S>, ValueOf<S>>
  }

  writer(options: WriterOptions = {}): MessageWriter<WriteBody<S>, SizesOf<S>> {
    checkOptions(options, { zeroed: FLAG })
    return new FlatWriter(this.writePlan, this.#layout, options.zeroed === true) as unknown as MessageWriter<
      WriteBody<S>,
      SizesOf<S>
    >
  }

  /** @internal */
  protected override get isLittle(): boolean {
    return true
  }

  /** @internal */
  protected override sizesOf(input: InputOf<S>): SizesOf<S> | undefined {
    const { slots, hasSlots } = this.#layout
    return hasSlots ? (sizesOfValue(slots, input, this.name) as SizesOf<S>) : undefined
  }

  get #layout(): WriteLayout {
    this.#writeLayout ??= new WriteLayout(this.description)
    return this.#writeLayout
  }
}

/**
 * Defines a type of message in the encoding flat1: a block of fixed fields in order of declaration, followed by variable parts. Version 1; see
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
