import type { CompositeSpec } from '../spec/field-spec.js'
import type { FieldPlace } from './field-place.js'
import type { Accessor, Flyweight } from './flyweight.js'

/** Fields inside of the block under a name of their own. */
export function compositeAccessor(
  spec: CompositeSpec,
  at: number,
  { context, isWritten, planBody }: FieldPlace,
  parts: (() => unknown)[],
): Accessor {
  const plan = planBody(spec.fields, { type: context.type, path: context.field, little: context.little, isWritten })
  const part = parts.push(() => plan.create()) - 1
  const move = (body: Flyweight) => {
    const nested = body['~parts'][part] as Flyweight
    const { view, base, version } = body['~place']
    nested['~place'].move(view, base + at, base + at + spec.size, version)
    return nested
  }
  return {
    get() {
      return move(this)
    },
    set(value: unknown) {
      if (value === undefined) plan.setNulls(move(this))
      else plan.assign(move(this), value)
    },
  }
}
