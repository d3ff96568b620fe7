import type { FieldDescription, FieldSpec } from '../spec/field-spec.js'
import { fieldAlignment, fieldSize } from './field-size.js'

/*
 * "flat1": fields stand in order of declaration, each at the next multiple of its alignment. Fields of later versions are appended by the same rule, so the block of a version
 * is a prefix of the next version's block. There is no header: the queue's record holds type and version. Variable parts follow the block.
 */

/** Data of variable parts begins at multiples of this, counted from the payload's beginning. */
export const DATA_ALIGNMENT = 8
/** Matrices begin at multiples of a cache line, which is also the payload's own alignment in a queue. */
export const MATRIX_ALIGNMENT = 64

export function alignUp(length: number, alignment: number): number {
  return Math.ceil(length / alignment) * alignment
}

/** Where a field stands after those that end there. */
export function offsetAfter(end: number, spec: FieldSpec): number {
  return alignUp(end, fieldAlignment(spec))
}

/** Gives each field its place after the ones that were placed before. */
export function placeFields(
  placed: readonly FieldDescription[],
  specs: Readonly<Record<string, FieldSpec>>,
  since?: number,
): FieldDescription[] {
  let end = placed.reduce((longest, field) => Math.max(longest, field.offset + fieldSize(field)), 0)
  return Object.entries(specs).map(([name, spec]) => {
    const offset = offsetAfter(end, spec)
    end = offset + fieldSize(spec)
    return { name, offset, ...(since !== undefined && { since }), ...spec } as FieldDescription
  })
}

/** Bytes from one item of a list to the next: a multiple of the largest alignment among its fields. */
export function strideOf(fields: readonly FieldDescription[]): number {
  const end = fields.reduce((longest, field) => Math.max(longest, field.offset + fieldSize(field)), 0)
  const alignment = fields.reduce((largest, field) => Math.max(largest, fieldAlignment(field)), 1)
  return alignUp(end, alignment)
}
