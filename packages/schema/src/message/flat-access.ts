import { BadMessageError, InvalidArgumentError } from '../errors/index.js'
import type { BodyPlan } from '../flyweight/field-place.js'
import { type Flyweight, TO_VALUE } from '../flyweight/flyweight.js'
import type { Place } from '../flyweight/place.js'
import { BlockLengths, blockLengthAt } from '../layout/field-size.js'
import { DATA_ALIGNMENT } from '../layout/flat-layout.js'
import { flatLength, placeSlots, type Sizes, type Slot } from '../layout/sizes.js'
import { isSlot, type SchemaDescription } from '../spec/field-spec.js'
import { checkRange } from './check-message.js'
import { zeroRange } from './in-place-message.js'
import type { MessageReader, MessageWriter } from './message-type.js'

/** Reads messages of a flat1 type. One class for all schemas: what differs between them is held, not compiled in. */
export class FlatReader implements MessageReader<Flyweight, unknown> {
  readonly body: Flyweight
  readonly #place: Place
  readonly #layout: ReadLayout

  constructor(plan: BodyPlan, layout: ReadLayout) {
    this.body = plan.create()
    this.#place = this.body['~place']
    this.#layout = layout
  }

  wrap(view: DataView, offset: number, length: number, version = 1): Flyweight {
    const layout = this.#layout
    const isWhole = version >= layout.wholeFrom && length >= layout.longest
    if (!isWhole || !this.#place.moveWithin(view, offset, length, version)) this.#wrapOther(view, offset, length, version)
    return this.body
  }

  /** {@link wrap} of another view than the last one's, or of an older version. */
  #wrapOther(view: DataView, offset: number, length: number, version: number): void {
    const layout = this.#layout
    checkRange(layout.type, view, offset, length)
    const known = version === 0 ? 1 : version
    const blockLength = known >= layout.wholeFrom ? layout.longest : layout.blockLengths.at(known)
    if (length < blockLength) throw tooShort(layout.type, length, blockLength, known)
    this.#place.move(view, offset, offset + length, known)
  }

  value(): unknown {
    return (this.body as unknown as { [TO_VALUE](): unknown })[TO_VALUE]()
  }
}

/** What a reader knows of its type. */
export class ReadLayout {
  readonly type: string
  readonly blockLengths: BlockLengths
  /** The lowest version with all fields, and the block's length from that version on. 0, which messages without a version carry, where no field came later. */
  readonly wholeFrom: number
  readonly longest: number

  constructor({ name, fields }: SchemaDescription) {
    this.type = name
    this.blockLengths = new BlockLengths(fields)
    const newest = fields.reduce((latest, { since }) => Math.max(latest, since ?? 1), 1)
    this.wholeFrom = newest === 1 ? 0 : newest
    this.longest = this.blockLengths.at(newest)
  }
}

function tooShort(type: string, length: number, blockLength: number, version: number): BadMessageError {
  return new BadMessageError({
    type,
    detail: `${length} bytes, shorter than the block of ${blockLength} bytes of version ${version}`,
  })
}

/** Writes messages of a flat1 type. One class for all schemas. */
export class FlatWriter implements MessageWriter<Flyweight, Sizes> {
  readonly #body: Flyweight
  readonly #place: Place
  readonly #plan: BodyPlan
  readonly #layout: WriteLayout
  readonly #isZeroed: boolean

  constructor(plan: BodyPlan, layout: WriteLayout, isZeroed: boolean) {
    this.#body = plan.create()
    this.#place = this.#body['~place']
    this.#plan = plan
    this.#layout = layout
    layout.learn(plan)
    this.#isZeroed = isZeroed
  }

  length(sizes?: Sizes): number {
    this.#layout.checkSizes(sizes)
    return this.#layout.lengthOf(sizes)
  }

  begin(view: DataView, offset: number, length: number, sizes?: Sizes): Flyweight {
    const place = this.#place
    const layout = this.#layout
    if (!place.isWithin(view, offset, length)) checkRange(layout.type, view, offset, length)
    if (layout.needsAlignment) layout.checkPlace(view, offset, length, sizes)
    else if (length !== layout.fixedLength) throw wrongLength(layout.type, length, layout.fixedLength)
    place.move(view, offset, offset + length, layout.version)
    if (!this.#isZeroed || layout.hasNulls) layout.clear(view, offset, length)
    if (layout.hasSlots) placeSlots(this.#body, layout, sizes, this.#plan.roomOf)
    return this.#body
  }

  end(): void {
    this.#place.leave()
  }
}

/** What a writer knows of its type. */
export class WriteLayout {
  readonly type: string
  readonly version: number
  readonly slots: readonly Slot[]
  readonly hasSlots: boolean
  readonly #slotNames: ReadonlySet<string>
  /** Bytes of the block. */
  readonly fixedLength: number
  readonly needsAlignment: boolean
  /** Whether the block of a message without values holds anything but zeros. */
  hasNulls = false
  /** That block, in words and in the bytes that are left. */
  #words = new Int32Array(0)
  #rest = new Uint8Array(0)

  constructor({ name, fields, version }: SchemaDescription) {
    this.type = name
    this.version = version
    this.slots = fields.filter((field): field is Slot => isSlot(field))
    this.hasSlots = this.slots.length > 0
    this.#slotNames = new Set(this.slots.map((slot) => slot.name))
    this.fixedLength = blockLengthAt(fields, version)
    this.needsAlignment = this.hasSlots || fields.some(({ kind }) => kind === 'array')
  }

  /** Makes the block of a message without values, once. */
  learn(plan: BodyPlan): void {
    if (this.#words.length + this.#rest.length > 0) return
    const bytes = new Uint8Array(this.fixedLength)
    const body = plan.create()
    body['~place'].move(new DataView(bytes.buffer), 0, bytes.length, this.version)
    plan.setNulls(body)
    const whole = bytes.length & ~3
    this.#words = new Int32Array(bytes.buffer.slice(0, whole))
    this.#rest = bytes.slice(whole)
    this.hasNulls = plan.hasNulls
  }

  /** Writes a message without values: null values into the block, zeros after it. */
  clear(view: DataView, offset: number, length: number): void {
    if (!this.hasNulls) {
      zeroRange(view, offset, offset + length)
      return
    }
    const words = this.#words
    const rest = this.#rest
    let at = offset
    for (let index = 0; index < words.length; index++, at += 4) view.setInt32(at, words[index] as number, true)
    for (let index = 0; index < rest.length; index++, at++) view.setUint8(at, rest[index] as number)
    if (this.hasSlots) zeroRange(view, at, offset + length)
  }

  /** Refuses a length that does not fit the sizes, and a place where typed arrays cannot stand. */
  checkPlace(view: DataView, offset: number, length: number, sizes: Sizes | undefined): void {
    const needed = this.lengthOf(sizes)
    if (length !== needed) throw wrongLength(this.type, length, needed)
    checkAlignment(this.type, view.byteOffset + offset)
  }

  /** Refuses sizes of parts that the type does not have: a misspelt one would leave its part out silently. */
  checkSizes(sizes: Sizes | undefined): void {
    if (sizes === undefined) return
    if (typeof sizes !== 'object' || sizes === null) throw wrongSizes(this.type, sizes)
    for (const name in sizes) if (!this.#slotNames.has(name)) throw unknownPart(this.type, name, sizes[name])
  }

  /** Bytes of payload of a message with variable parts of these sizes. */
  lengthOf(sizes: Sizes | undefined): number {
    return this.hasSlots ? flatLength(this.slots, this.fixedLength, sizes, this.type) : this.fixedLength
  }
}

function wrongLength(type: string, length: number, needed: number): InvalidArgumentError {
  return new InvalidArgumentError({ argument: `${type}: length`, value: length, expected: `${needed} bytes` })
}

function wrongSizes(type: string, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ argument: `${type}: sizes`, value, expected: 'an object with the sizes of variable parts' })
}

function unknownPart(type: string, name: string, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ argument: `${type}.${name}`, value, expected: 'a variable part of the type' })
}

/** Typed arrays stand at multiples of their elements' size only. */
function checkAlignment(type: string, at: number): void {
  if (at % DATA_ALIGNMENT !== 0)
    throw new InvalidArgumentError({ argument: `${type}: offset`, value: at, expected: `a multiple of ${DATA_ALIGNMENT}` })
}
