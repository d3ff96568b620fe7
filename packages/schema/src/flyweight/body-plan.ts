import { inspect } from 'node:util'
import { type FieldDescription, isSection, type SectionSpec } from '../spec/field-spec.js'
import type { CompiledField } from './compiled-field.js'
import { fieldAccessor } from './field-accessor.js'
import { FieldAssignment } from './field-assignment.js'
import type { BodyPlan, PlanContext } from './field-place.js'
import { type Accessor, type FieldContext, Flyweight, TO_VALUE, toPlain } from './flyweight.js'
import type { GroupView } from './group.js'
import { toJsonSafe } from './json-safe.js'
import { SectionWalk } from './section-walk.js'

/** Compiles accessors for these fields. Costs microseconds per field: once per type, not per message. */
export function planBody(fields: readonly FieldDescription[], context: PlanContext): BodyPlan {
  const parts: (() => unknown)[] = []
  const compiled = fields.map((field) => ({ field, accessor: compileField(field, context, parts) }))
  const Body = createBodyClass(compiled, context, parts)
  const assignment = new FieldAssignment(compiled, context)
  const nullable = compiled.filter(({ field }) => isNullable(field))
  const byName = new Map(compiled.map((one) => [one.field.name, one]))
  return {
    create: () => new Body(),
    assign: (body, value) => assignment.assign(body, value),
    hasNulls: nullable.length > 0,
    setNulls(body) {
      for (const { field, accessor } of nullable) {
        if (field.kind === 'group') (accessor.get.call(body) as GroupView).setNulls()
        else accessor.set.call(body, undefined)
      }
    },
    roomOf: (name) => byName.get(name)?.accessor.room,
  }
}

/** Fields whose null value is not zero; variable parts are absent as zeros. */
function isNullable(field: FieldDescription): boolean {
  if (field.kind === 'composite' || field.kind === 'group') return true
  return (
    'optional' in field &&
    field.optional === true &&
    !['vector', 'matrix', 'quantized', 'utf8', 'bytes', 'list'].includes(field.kind)
  )
}

function compileField(field: FieldDescription, context: PlanContext, parts: (() => unknown)[]): CompiledField['accessor'] {
  const fieldContext: FieldContext = {
    type: context.type,
    field: context.path === '' ? field.name : `${context.path}.${field.name}`,
    little: context.little,
  }
  const accessor = fieldAccessor(field, { context: fieldContext, isWritten: context.isWritten, planBody }, parts)
  return field.since === undefined ? accessor : { ...accessor, get: sinceGetter(accessor.get, field.since) }
}

/** A message of an older version does not have the field. */
function sinceGetter(get: Accessor['get'], since: number): Accessor['get'] {
  return function () {
    return this['~place'].version < since ? undefined : get.call(this)
  }
}

function createBodyClass(compiled: readonly CompiledField[], context: PlanContext, parts: readonly (() => unknown)[]) {
  const sections = compiled.map(({ field }) => field).filter((field): field is FieldDescription<SectionSpec> => isSection(field))
  class Body extends Flyweight {
    constructor() {
      super(parts, sections.length === 0 ? undefined : new SectionWalk(sections, context.type))
    }

    [TO_VALUE](): Record<string, unknown> {
      return Object.fromEntries(
        compiled.flatMap(({ field }) => {
          const value = toPlain((this as unknown as Record<string, unknown>)[field.name])
          return value === undefined ? [] : [[field.name, value]]
        }),
      )
    }

    toJSON(): unknown {
      return toJsonSafe(this[TO_VALUE]())
    }

    [inspect.custom](): unknown {
      return this[TO_VALUE]()
    }
  }
  for (const { field, accessor } of compiled) {
    const { get, set } = accessor
    Object.defineProperty(Body.prototype, field.name, {
      get,
      ...(context.isWritten && { set }),
      enumerable: true,
      configurable: true,
    })
  }
  return Body
}
