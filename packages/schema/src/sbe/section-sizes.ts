import { InvalidArgumentError } from '../errors/index.js'
import { dataLength } from '../flyweight/data-accessor.js'
import type { Data, Group } from '../flyweight/section-walk.js'
import { type FieldDescription, type HeaderField, isSection, type SectionSpec } from '../spec/field-spec.js'
import { NUMERIC_TYPES } from '../spec/numeric-type.js'

/**
 * How long the parts after the block are, by name: bytes of data; entries of a group, or the sizes of each entry where entries have parts of their own.
 * What is left out is empty.
 */
export interface SbeSizes {
  readonly [part: string]: number | readonly SbeSizes[] | undefined
}

/** Writes the headers of groups and data, when there is a view; returns the end of the last part. */
export interface SectionTarget {
  readonly view: DataView | undefined
  /** Where the message ends in the view. */
  readonly end: number
  readonly little: boolean
  readonly type: string
}

type Section = FieldDescription<SectionSpec>

export function placeSections(
  fields: readonly FieldDescription[],
  start: number,
  sizes: SbeSizes | undefined,
  target: SectionTarget,
): number {
  let at = start
  // Once, when the message is measured.
  if (target.view === undefined && sizes !== undefined) checkSizes(fields, sizes, target)
  for (const section of fields) {
    if (!isSection(section)) continue
    const size = sizes?.[section.name]
    at = section.kind === 'data' ? placeData(section as Data, at, size, target) : placeGroup(section as Group, at, size, target)
  }
  return at
}

/** A misspelt part would be left out silently. */
function checkSizes(fields: readonly FieldDescription[], sizes: SbeSizes, { type }: SectionTarget): void {
  if (typeof sizes !== 'object' || sizes === null)
    throw new InvalidArgumentError({ argument: `${type}: sizes`, value: sizes, expected: 'an object with the sizes of parts' })
  const unknown = Object.keys(sizes).find((name) => !fields.some((field) => isSection(field) && field.name === name))
  if (unknown !== undefined)
    throw new InvalidArgumentError({ argument: `${type}.${unknown}`, value: sizes[unknown], expected: 'a group or data' })
}

function placeData(data: Data, at: number, size: SbeSizes[string], target: SectionTarget): number {
  const length = size ?? 0
  if (typeof length !== 'number') throw refuseSize(data, size, target)
  store(target, at, data.length, length, data)
  return at + data.dataOffset + length
}

function placeGroup(group: Group, at: number, size: SbeSizes[string], target: SectionTarget): number {
  const entries = typeof size === 'number' ? undefined : (size ?? [])
  const count = typeof size === 'number' ? size : (entries as readonly SbeSizes[]).length
  store(target, at, group.dimension.blockLength, group.blockLength, group)
  store(target, at, group.dimension.count, count, group)
  const first = at + group.dimension.size
  if (!group.fields.some(isSection)) return first + count * group.blockLength
  let end = first
  for (let index = 0; index < count; index++) end = placeSections(group.fields, end + group.blockLength, entries?.[index], target)
  return end
}

/** Stores a length or a count, which must fit into what the schema's author gave it; the type's null value does not. */
function store(target: SectionTarget, at: number, field: HeaderField, value: number, section: Section): void {
  const limit = headerFieldMax(field)
  if (!Number.isInteger(value) || value < 0 || value > limit) throw refuseSize(section, value, target, limit)
  if (target.view === undefined) return
  // Sizes can have getters, which said less when the message was measured.
  if (at + field.offset + NUMERIC_TYPES[field.type].size > target.end) throw refuseSize(section, value, target, limit)
  storeHeaderField(target.view, at, field, value, target.little)
}

/** The highest length, count or id that a header's field holds; its null value does not count. */
export function headerFieldMax({ type }: HeaderField): number {
  const { nullValue, max } = NUMERIC_TYPES[type]
  return Number(nullValue) > 0 ? Number(nullValue) - 1 : Number(max)
}

export function storeHeaderField(view: DataView, at: number, field: HeaderField, value: number, little: boolean): void {
  const from = at + field.offset
  const { size } = NUMERIC_TYPES[field.type]
  if (size === 1) view.setUint8(from, value)
  else if (size === 2) view.setUint16(from, value, little)
  else if (size === 4) view.setUint32(from, value, little)
  else view.setBigUint64(from, BigInt(value), little)
}

function refuseSize(section: Section, value: unknown, target: SectionTarget, limit = 0xffff_ffff): InvalidArgumentError {
  return new InvalidArgumentError({ argument: `${target.type}.${section.name}`, value, expected: `a size of 0 to ${limit}` })
}

/** The sizes that a plain value needs. */
export function sectionSizesOf(fields: readonly FieldDescription[], value: unknown, type: string): SbeSizes {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return Object.fromEntries(
    fields.filter(isSection).map((section) => [section.name, sizeOfSection(section as Section, given[section.name], type)]),
  )
}

function sizeOfSection(section: Section, value: unknown, type: string): number | SbeSizes[] {
  if (section.kind === 'data') return dataLength(value, section as Data, { type, field: section.name, little: true })
  if (value === undefined) return 0
  if (!Array.isArray(value))
    throw new InvalidArgumentError({ argument: `${type}.${section.name}`, value, expected: 'an array of entries' })
  return section.fields.some(isSection) ? value.map((entry) => sectionSizesOf(section.fields, entry, type)) : value.length
}
