import type { FieldDescription } from '../spec/field-spec.js'
import type { FieldContext, Flyweight } from './flyweight.js'

export interface PlanContext {
  /** Name of the message type. */
  readonly type: string
  /** Where these fields are nested, dotted; '' for the message itself. */
  readonly path: string
  readonly little: boolean
  /** Whether fields can be set. */
  readonly isWritten: boolean
}

/** A class of flyweights, compiled from the fields of a schema once. */
export interface BodyPlan {
  create(): Flyweight
  /** Sets every field from a plain value. */
  assign(body: Flyweight, value: unknown): void
  /** Whether {@link setNulls} does anything. */
  readonly hasNulls: boolean
  /** Writes the null values of optional fields into a block of zeros. */
  setNulls(body: Flyweight): void
  /** Index of a text field's room among the parts. */
  roomOf(field: string): number | undefined
}

/** Where a field is compiled. Composites, groups and lists have fields of their own, which `planBody` compiles. */
export interface FieldPlace {
  readonly context: FieldContext
  readonly isWritten: boolean
  readonly planBody: (fields: readonly FieldDescription[], context: PlanContext) => BodyPlan
}
