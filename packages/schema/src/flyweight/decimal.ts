import type { DecimalSpec } from '../spec/field-spec.js'
import { type Accessor, type FieldContext, type Flyweight, refuse, TO_VALUE } from './flyweight.js'

const MIN = -0x8000_0000_0000_0000n
const MAX = 0x7fff_ffff_ffff_ffffn
const NULL_HIGH = -0x8000_0000

/** A decimal number as it lies in a message: a 64-bit mantissa, and a number of digits after the point that the schema holds. It moves with its message. */
export interface Decimal {
  readonly mantissa: bigint
  /** Digits after the point. */
  readonly scale: number
  /** The nearest number; exact to the digits that a number has. */
  toNumber(): number
  /** The exact value without superfluous zeros: `60123.5`. */
  toString(): string
}

/** The same in a message that is being written. */
export interface DecimalWriter extends Decimal {
  /** Takes the mantissa, or the exact text of a decimal number: `set(60123_500000000n)` and `set('60123.5')` are one with nine digits. */
  set(value: bigint | string): this
}

class DecimalView implements DecimalWriter {
  readonly scale: number
  #view!: DataView
  #at = 0
  readonly #divisor: number
  readonly #lowest: bigint
  readonly #context: FieldContext

  constructor(spec: DecimalSpec, context: FieldContext) {
    this.scale = spec.scale
    this.#divisor = 10 ** spec.scale
    this.#lowest = spec.optional ? MIN + 1n : MIN
    this.#context = context
  }

  move(view: DataView, at: number): this {
    this.#view = view
    this.#at = at
    return this
  }

  get mantissa(): bigint {
    return this.#view.getBigInt64(this.#at, this.#context.little)
  }

  /** Avoids the bigint as long as the mantissa is a safe integer: then one division rounds correctly, because the divisor is exact, too. */
  toNumber(): number {
    const { little } = this.#context
    const high = this.#view.getInt32(this.#at + (little ? 4 : 0), little)
    const low = this.#view.getUint32(this.#at + (little ? 0 : 4), little)
    const mantissa = high * 0x1_0000_0000 + low
    return Number.isSafeInteger(mantissa) ? mantissa / this.#divisor : Number(this.toString())
  }

  toString(): string {
    return formatDecimal(this.mantissa, this.scale)
  }

  toJSON(): string {
    return this.toString()
  }

  set(value: bigint | string): this {
    const mantissa = typeof value === 'string' ? this.#parse(value) : value
    if (typeof mantissa !== 'bigint' || mantissa < this.#lowest || mantissa > MAX)
      refuse(this.#context, value, `a mantissa of ${this.#lowest} to ${MAX}, or the text of a decimal number`)
    this.#view.setBigInt64(this.#at, mantissa, this.#context.little)
    return this
  }

  setNull(): void {
    this.#view.setBigInt64(this.#at, MIN, this.#context.little)
  }

  get isNull(): boolean {
    const { little } = this.#context
    return (
      this.#view.getInt32(this.#at + (little ? 4 : 0), little) === NULL_HIGH &&
      this.#view.getUint32(this.#at + (little ? 0 : 4), little) === 0
    )
  }

  [TO_VALUE](): string {
    return this.toString()
  }

  #parse(text: string): bigint {
    const mantissa = parseDecimal(text, this.scale)
    if (mantissa === undefined) refuse(this.#context, text, `a decimal number with at most ${this.scale} digits after the point`)
    return mantissa
  }
}

function formatDecimal(mantissa: bigint, scale: number): string {
  const sign = mantissa < 0n ? '-' : ''
  const digits = (mantissa < 0n ? -mantissa : mantissa).toString().padStart(scale + 1, '0')
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  const whole = digits.slice(0, digits.length - scale)
  return scale === 0 || fraction === '' ? sign + (scale === 0 ? digits : whole) : `${sign}${whole}.${fraction}`
}

/** The mantissa, or `undefined` when the text is not a decimal number or has more digits than the scale keeps. */
function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = /^([+-]?)(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = ''] = match
  if (/[1-9]/.test(fraction.slice(scale))) return undefined
  const mantissa = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'))
  return sign === '-' ? -mantissa : mantissa
}

export function decimalAccessor(spec: DecimalSpec, at: number, context: FieldContext, parts: (() => unknown)[]): Accessor {
  const part = parts.push(() => new DecimalView(spec, context)) - 1
  const isOptional = spec.optional === true
  const move = (body: Flyweight) => (body['~parts'][part] as DecimalView).move(body['~place'].view, body['~place'].base + at)
  return {
    get() {
      const decimal = move(this)
      return isOptional && decimal.isNull ? undefined : decimal
    },
    set(value: unknown) {
      if (value === undefined && isOptional) move(this).setNull()
      else move(this).set(mantissaOf(value, spec.scale) as bigint | string)
    },
  }
}

/** The mantissa of a decimal of this scale, and every other value as it is. A text is not a mantissa: `5` means another number. */
function mantissaOf(value: unknown, scale: number): unknown {
  if (typeof value !== 'object' || value === null || (value as Decimal).scale !== scale) return value
  const { mantissa } = value as Decimal
  return typeof mantissa === 'bigint' ? mantissa : value
}
