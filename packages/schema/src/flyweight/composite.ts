import type { CompositeSpec } from '../spec/field-spec.js'
import { planBody } from './body-plan.js'
import { type Accessor, BASE, END, type FieldContext, type Flyweight, PARTS, VERSION, VIEW } from './flyweight.js'

/** Fields inside of the block under a name of their own. */
export function compositeAccessor(
  spec: CompositeSpec,
  at: number,
  { context, isWritten }: { context: FieldContext; isWritten: boolean },
  parts: (() => unknown)[],
): Accessor {
  const plan = planBody(spec.fields, { type: context.type, path: context.field, little: context.little, isWritten })
  const part = parts.push(() => plan.create()) - 1
  const move = (body: Flyweight) => {
    const nested = body[PARTS][part] as Flyweight
    nested[VIEW] = body[VIEW]
    nested[BASE] = body[BASE] + at
    nested[END] = nested[BASE] + spec.size
    nested[VERSION] = body[VERSION]
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
