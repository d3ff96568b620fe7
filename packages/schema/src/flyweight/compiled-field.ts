import { type FieldDescription, isSection } from '../spec/field-spec.js'
import type { Accessor } from './flyweight.js'

export interface CompiledField {
  readonly field: FieldDescription
  readonly accessor: Accessor & { readonly room?: number }
}

/** Whether a value must be given when a message is written. */
export function isRequired(field: FieldDescription): boolean {
  if (field.kind === 'constant' || isSection(field)) return false
  if (field.required) return true
  if (field.since !== undefined) return false
  return !('optional' in field && field.optional === true)
}
