import type { BoolSpec, ConstantSpec, EnumSpec } from '../spec/field-spec.js'
import { NUMERIC_TYPES } from '../spec/numeric-type.js'
import { type Accessor, badMessage, type FieldContext, refuse } from './flyweight.js'
import { numberGetter, numberSetter } from './number-accessor.js'

const BOOL_NULL = 255

/** 0 and 1; 255 is the null value, as in the BooleanType of SBE's examples. */
export function boolAccessor(spec: BoolSpec, at: number, context: FieldContext): Accessor {
  const isOptional = spec.optional === true
  return {
    get() {
      const value = this['~place'].getUint8(at)
      if (value === 0) return false
      if (value === 1) return true
      if (isOptional && value === BOOL_NULL) return undefined
      return badMessage(context, `${value} where a boolean should be`)
    },
    set(value: unknown) {
      if (typeof value === 'boolean') this['~place'].setUint8(at, value ? 1 : 0)
      else if (value === undefined && isOptional) this['~place'].setUint8(at, BOOL_NULL)
      else refuse(context, value, 'a boolean')
    },
  }
}

/** Names outside, numbers inside. A number that the schema does not know is a bad message at the access of this field, not before. */
export function enumAccessor(spec: EnumSpec, at: number, context: FieldContext): Accessor {
  return spec.type === 'u8' && !spec.optional ? byteEnumAccessor(spec, at, context) : wideEnumAccessor(spec, at, context)
}

/** The usual enum, one byte: names are looked up by index. */
function byteEnumAccessor(spec: EnumSpec, at: number, context: FieldContext): Accessor {
  const names = new Array<string | undefined>(256).fill(undefined)
  for (const [name, value] of Object.entries(spec.members)) names[value] = name
  const values = new Map<unknown, number>(Object.entries(spec.members))
  const expected = `one of ${[...values.keys()].join(', ')}`
  // The two names that were written last: comparing them costs less than a lookup, and most enums have two members or say the same again.
  let [lastName, formerName]: unknown[] = [undefined, undefined]
  let [lastValue, formerValue] = [0, 0]
  const lookUp = (name: unknown): number => {
    const value = values.get(name) ?? refuse(context, name, expected)
    formerName = lastName
    formerValue = lastValue
    lastName = name
    lastValue = value
    return value
  }
  return {
    get() {
      const value = this['~place'].getUint8(at)
      return names[value] ?? unknownMember(value, context)
    },
    set(name: unknown) {
      const value =
        name === lastName && name !== undefined
          ? lastValue
          : name === formerName && name !== undefined
            ? formerValue
            : lookUp(name)
      this['~place'].setUint8(at, value)
    },
  }
}

function unknownMember(value: number | bigint, context: FieldContext): never {
  return badMessage(context, `${value}, which no member of the enum has`)
}

function wideEnumAccessor(spec: EnumSpec, at: number, context: FieldContext): Accessor {
  const load = numberGetter(spec.type, at, context.little)
  const store = numberSetter(spec.type, at, context.little)
  const isBig = NUMERIC_TYPES[spec.type].isBig
  const names = new Map(Object.entries(spec.members).map(([name, value]) => [value, name]))
  const values = new Map(Object.entries(spec.members))
  const nullValue = enumNullValue(spec)
  const isOptional = spec.optional === true
  const expected = `one of ${[...values.keys()].join(', ')}`
  return {
    get() {
      const value = load.call(this)
      const name = names.get(Number(value))
      if (name === undefined && !(isOptional && value === nullValue)) unknownMember(value, context)
      return name
    },
    set(name: unknown) {
      if (name === undefined && isOptional) {
        store.call(this, nullValue)
        return
      }
      const value = values.get(name as string)
      if (value === undefined) refuse(context, name, expected)
      store.call(this, isBig ? BigInt(value) : value)
    },
  }
}

/** The value that stands for "none", as the type holds it: that of 64 bits is not a safe integer. */
function enumNullValue({ type, nullValue }: EnumSpec): number | bigint {
  const own = NUMERIC_TYPES[type]
  if (nullValue === undefined) return own.nullValue
  return own.isBig ? BigInt(nullValue) : nullValue
}

/** A value that stands in the schema; writing accepts it and nothing else. */
export function constantAccessor(spec: ConstantSpec, context: FieldContext): Accessor {
  const constant = spec.isBig ? BigInt(spec.value) : spec.value
  return {
    get: () => constant,
    set(value: unknown) {
      if (value !== undefined && value !== constant) refuse(context, value, `the constant ${constant}`)
    },
  }
}
