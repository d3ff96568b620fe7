import { InvalidArgumentError } from '../errors/index.js'
import { planBody } from '../flyweight/body-plan.js'
import type { BodyPlan } from '../flyweight/field-place.js'
import { fingerprintOf } from '../layout/fingerprint.js'
import type { Encoding, SchemaDescription } from '../spec/field-spec.js'
import { checkRange, checkRecordVersion, viewOf } from './check-message.js'
import type {
  InPlaceMessageType,
  MessageEncoder,
  MessageReader,
  MessageTypes,
  MessageWriter,
  WriterOptions,
} from './message-type.js'

/** What flat1 and SBE have in common: messages whose fields have places. Subclasses say where the block is and how the parts after it are laid out. */
export abstract class InPlaceMessage<Name extends string, T extends MessageTypes> implements InPlaceMessageType<Name, T> {
  declare readonly types?: T
  readonly name: Name
  readonly typeId: number
  readonly version: number
  readonly encoding: Encoding
  readonly description: SchemaDescription
  #fingerprint: string | undefined
  #decoding: MessageReader<T['body'], T['value']> | undefined
  #readPlan: BodyPlan | undefined
  #writePlan: BodyPlan | undefined

  constructor(description: SchemaDescription) {
    this.name = description.name as Name
    this.typeId = description.typeId
    this.version = description.version
    this.encoding = description.encoding
    this.description = description
  }

  get fingerprint(): string {
    this.#fingerprint ??= fingerprintOf(this.description)
    return this.#fingerprint
  }

  abstract reader(): MessageReader<T['body'], T['value']>
  abstract writer(options?: WriterOptions): MessageWriter<T['write'], T['sizes']>
  /** @internal The sizes that a plain value needs; `undefined` for a type without variable parts. */
  protected abstract sizesOf(input: T['input']): T['sizes'] | undefined
  /** @internal */
  protected abstract get isLittle(): boolean

  encoder(): MessageEncoder<T['input']> {
    const writer = this.writer()
    let prepared: { readonly input: T['input']; readonly sizes: T['sizes'] | undefined; readonly length: number } | undefined
    return {
      prepare: (input) => {
        prepared = undefined
        const sizes = this.sizesOf(input)
        const length = writer.length(sizes)
        prepared = { input, sizes, length }
        return length
      },
      write: (view, offset) => {
        if (prepared === undefined)
          throw new InvalidArgumentError({ argument: `${this.name}: write`, value: undefined, expected: 'a prepared value' })
        const { input, sizes, length } = prepared
        prepared = undefined
        this.writePlan.assign(writer.begin(view, offset, length, sizes) as never, input)
      },
    }
  }

  encode(input: T['input']): Uint8Array {
    const encoder = this.encoder()
    const bytes = new Uint8Array(encoder.prepare(input))
    encoder.write(viewOf(bytes, this.name), 0)
    return bytes
  }

  decode(bytes: Uint8Array, version?: number): T['value'] {
    checkRecordVersion(version)
    const view = viewOf(bytes, this.name)
    this.#decoding ??= this.reader()
    this.#decoding.wrap(view, 0, bytes.byteLength, version)
    return this.#decoding.value()
  }

  /** @internal Accessors are compiled at the first use, once for all readers. */
  protected get readPlan(): BodyPlan {
    this.#readPlan ??= planBody(this.description.fields, { type: this.name, path: '', little: this.isLittle, isWritten: false })
    return this.#readPlan
  }

  /** @internal */
  protected get writePlan(): BodyPlan {
    this.#writePlan ??= planBody(this.description.fields, { type: this.name, path: '', little: this.isLittle, isWritten: true })
    return this.#writePlan
  }

  /** @internal Checks the target of a message with this length. */
  protected checkTarget(view: DataView, offset: number, length: number, needed: number): void {
    checkRange(this.name, view, offset, length)
    if (length !== needed)
      throw new InvalidArgumentError({ argument: `${this.name}: length`, value: length, expected: `${needed} bytes` })
  }
}

/** Zeroes a range, eight bytes at a time. The last eight overlap those before them, so that no byte is left for a loop of its own. */
export function zeroRange(view: DataView, from: number, end: number): void {
  const last = end - 8
  if (last < from) {
    for (let at = from; at < end; at++) view.setUint8(at, 0)
    return
  }
  for (let at = from; at < last; at += 8) view.setFloat64(at, 0, true)
  view.setFloat64(last, 0, true)
}
