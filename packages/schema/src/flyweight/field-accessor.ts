import type { FieldDescription } from '../spec/field-spec.js'
import { arrayAccessor } from './array-accessor.js'
import { boolAccessor, constantAccessor, enumAccessor } from './choice-accessor.js'
import { complexAccessor } from './complex.js'
import { compositeAccessor } from './composite.js'
import { dataAccessor } from './data-accessor.js'
import { decimalAccessor } from './decimal.js'
import type { FieldPlace } from './field-place.js'
import { flagsAccessor } from './flags.js'
import type { Accessor } from './flyweight.js'
import { groupAccessor } from './group.js'
import { listAccessor } from './list.js'
import { numberAccessor } from './number-accessor.js'
import { quantizedAccessor } from './quantized.js'
import { textAccessor } from './text.js'
import { utf8Accessor } from './utf8-accessor.js'
import { matrixAccessor, vectorAccessor } from './vector-accessor.js'

/** Compiles getter and setter of a field. What they need per body is added to `parts`. */
export function fieldAccessor(
  field: FieldDescription,
  place: FieldPlace,
  parts: (() => unknown)[],
): Accessor & { readonly room?: number } {
  const { context, isWritten } = place
  const at = field.offset
  switch (field.kind) {
    case 'bool':
      return boolAccessor(field, at, context)
    case 'enum':
      return enumAccessor(field, at, context)
    case 'constant':
      return constantAccessor(field, context)
    case 'flags':
      return flagsAccessor(field, at, context, parts)
    case 'decimal':
      return decimalAccessor(field, at, context, parts)
    case 'timestampNs':
      return numberAccessor({ kind: 'u64', ...(field.optional && { optional: true }) }, at, context)
    case 'complex':
      return complexAccessor(field, at, context, parts)
    case 'text':
      return textAccessor(field, at, context)
    case 'array':
      return arrayAccessor(field, at, context, isWritten)
    case 'composite':
      return compositeAccessor(field, at, place, parts)
    case 'vector':
    case 'bytes':
      return vectorAccessor(field, at, context, isWritten)
    case 'matrix':
      return matrixAccessor(field, at, place, parts)
    case 'quantized':
      return quantizedAccessor(field, at, context, parts)
    case 'utf8':
      return utf8Accessor(field, at, context, parts)
    case 'list':
      return listAccessor(field, at, place, parts)
    case 'group':
      return groupAccessor(field, place, parts)
    case 'data':
      return dataAccessor(field, context)
    default:
      return numberAccessor(field, at, context)
  }
}
