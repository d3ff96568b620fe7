import { BadMessageError, InvalidArgumentError } from '../errors/index.js'
import type { BodyPlan } from '../flyweight/body-plan.js'
import { BASE, END, type Flyweight, TO_VALUE, VERSION, VIEW } from '../flyweight/flyweight.js'
import { BlockLengths, blockLengthAt } from '../layout/field-size.js'
import { DATA_ALIGNMENT } from '../layout/flat-layout.js'
import { flatLength, placeSlots, type Sizes, type Slot } from '../layout/sizes.js'
import { isSlot, type SchemaDescription } from '../spec/field-spec.js'
import { checkRange } from './check-message.js'
import { zeroRange } from './in-place-message.js'
import type { MessageReader, MessageWriter } from './message-type.js'

/*
 * Readers and writers of flat1. Their classes are made anew for each schema: the engine then knows the hidden class of the body that such an object holds, and
 * moving it is a few stores. One class for all schemas would search for each of them as soon as a program uses five.
 */

/** Makes the class of the readers of a type. */
export function createFlatReaderClass(
  plan: BodyPlan,
  { name: type, fields }: SchemaDescription,
): new () => MessageReader<Flyweight, unknown> {
  const blockLengths = new BlockLengths(fields)
  const newest = fields.reduce((latest, { since }) => Math.max(latest, since ?? 1), 1)
  const longest = blockLengths.at(newest)
  return class FlatReader {
    readonly body = plan.create()

    wrap(view: DataView, offset: number, length: number, version = 1): Flyweight {
      checkRange(type, view, offset, length)
      const known = version === 0 ? 1 : version
      const blockLength = known >= newest ? longest : blockLengths.at(known)
      if (length < blockLength) throw tooShort(type, { length, blockLength, version: known })
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
}

function tooShort(
  type: string,
  { length, blockLength, version }: { length: number; blockLength: number; version: number },
): BadMessageError {
  return new BadMessageError({
    type,
    detail: `${length} bytes, shorter than the block of ${blockLength} bytes of version ${version}`,
  })
}

/** Makes the class of the writers of a type. */
export function createFlatWriterClass(
  plan: BodyPlan,
  { name: type, fields, version }: SchemaDescription,
): new (
  isZeroed: boolean,
) => MessageWriter<Flyweight, Sizes> {
  const slots = fields.filter((field): field is Slot => isSlot(field))
  const fixedLength = blockLengthAt(fields, version)
  const hasSlots = slots.length > 0
  const needsAlignment = hasSlots || fields.some(({ kind }) => kind === 'array')
  return class FlatWriter {
    readonly #body = plan.create()
    readonly #isZeroed: boolean

    constructor(isZeroed: boolean) {
      this.#isZeroed = isZeroed
    }

    length(sizes?: Sizes): number {
      return hasSlots ? flatLength(slots, fixedLength, sizes, type) : fixedLength
    }

    begin(view: DataView, offset: number, length: number, sizes?: Sizes): Flyweight {
      checkRange(type, view, offset, length)
      const needed = hasSlots ? flatLength(slots, fixedLength, sizes, type) : fixedLength
      if (length !== needed)
        throw new InvalidArgumentError({ argument: `${type}: length`, value: length, expected: `${needed} bytes` })
      if (needsAlignment) checkAlignment(type, view.byteOffset + offset)
      if (!this.#isZeroed) zeroRange(view, offset, offset + length)
      const body = this.#body
      body[VIEW] = view
      body[BASE] = offset
      body[END] = offset + length
      body[VERSION] = version
      if (plan.hasNulls) plan.setNulls(body)
      if (hasSlots) placeSlots(body, slots, fixedLength, sizes, type, plan.roomOf)
      return body
    }
  }
}

/** Typed arrays stand at multiples of their elements' size only. */
function checkAlignment(type: string, at: number): void {
  if (at % DATA_ALIGNMENT !== 0)
    throw new InvalidArgumentError({ argument: `${type}: offset`, value: at, expected: `a multiple of ${DATA_ALIGNMENT}` })
}
