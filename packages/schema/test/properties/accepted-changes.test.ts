import {
  type AnyMessageType,
  isSchemaError,
  message,
  messageFromDescription,
  type SchemaDescription,
  schemaDifferences,
} from '@chronicle-ts/schema'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { oracleBytes, oracleSchema } from '../oracles/oracle-files.js'
import { arbitraryFields } from './arbitrary-schema.js'

/*
 * Any fact of a description is changed, and the change is accepted or refused. What is accepted must read what the other wrote, in both directions: the rules are right when no change
 * passes that moves a byte.
 */

type Json = Record<string, unknown>

interface Sample {
  readonly type: AnyMessageType
  readonly value: Json
}

interface Change {
  readonly at: number
  readonly kind: 'replace' | 'remove' | 'double' | 'swap' | 'add'
  readonly to: unknown
  readonly name: string
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('replace', 'remove', 'double', 'swap', 'add'),
  to: fc.constantFrom<unknown>(
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    16,
    46,
    62,
    300,
    true,
    'u8',
    'u16',
    'u32',
    'i32',
    'f64',
    'ascii',
    'renamed',
    'big',
    {
      late: 9,
    },
  ),
  name: fc.constantFrom('since', 'optional', 'required', 'nullValue', 'min', 'max', 'asNumber', 'key', 'isBig'),
})

/** A copy with one part changed. Parts are numbered through the whole tree. */
function changed<T>(tree: T, { at, kind, to, name }: Change): T {
  const copy = structuredClone(tree)
  const places: (readonly [holder: Json | unknown[], key: string])[] = []
  const collect = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    for (const [key, inner] of Object.entries(part)) {
      places.push([part as Json, key])
      collect(inner)
    }
  }
  collect(copy)
  const [holder, key] = places[at % places.length] as (typeof places)[number]
  const entry = (holder as Json)[key]
  if (kind === 'add') {
    if (!Array.isArray(holder)) holder[name] = to
  } else if (Array.isArray(holder)) {
    const index = Number(key)
    if (kind === 'remove') holder.splice(index, 1)
    else if (kind === 'double') holder.splice(index + 1, 0, addedLike(entry as Json, to))
    else if (kind === 'swap') holder.push(...holder.splice(index, 1))
  } else if (kind === 'remove') delete holder[key]
  else if (kind === 'replace') holder[key] = to
  else if (kind === 'swap' && typeof entry === 'number') holder[key] = entry + 1
  else if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) Object.assign(entry, { late: 9 })
  return copy
}

/** A field as a later version adds one: it can be absent. */
function addedLike(field: Json, since: unknown): Json {
  const isPlain = !['flags', 'composite', 'constant', 'group', 'data'].includes(String(field['kind']))
  return { ...field, name: 'doubled', since, ...(isPlain && { optional: true }) }
}

const flat: fc.Arbitrary<Sample> = arbitraryFields('a').chain(({ fields, values }) =>
  values.map((value) => ({ type: message('Any', 1, fields), value })),
)
const cars = ['example-schema.xml', 'example-extension-schema.xml'].map((name) => {
  const type = oracleSchema(name).messages['Car'] as AnyMessageType
  return { type, value: type.decode(oracleBytes('sbe/car_example_baseline_data.sbe')) as Json }
})
const group: Sample = {
  type: Object.values(oracleSchema('issue984.xml').messages)[0] as AnyMessageType,
  value: {
    id: 1985,
    MyGroup: [
      { f1: 'abcd', f2: 'abcde', f3: 'abcdef' },
      { f1: 'x', f2: 'y', f3: 'z' },
    ],
  },
}

type Fields = SchemaDescription['fields']

/** The fields of two definitions that stand at one place, also when they have different names: those of the block, then groups and data. */
function pairs(some: Fields, others: Fields): (readonly [Fields[number], Fields[number] | undefined])[] {
  return [false, true].flatMap((isAfterBlock) => {
    const partners = side(others, isAfterBlock)
    return side(some, isAfterBlock).map((field, index) => [field, partners[index]] as const)
  })
}

function side(fields: Fields, isAfterBlock: boolean): Fields {
  return fields.filter(({ kind }) => (kind === 'group' || kind === 'data') === isAfterBlock)
}

/** A value with the names that the other definition has. What the other one does not have is left out; `rest` is given it. */
function renamed(value: unknown, from: Fields, to: Fields, rest: (part: unknown) => void = () => undefined): unknown {
  const entries = pairs(from, to).flatMap(([field, target]) => {
    const part = (value as Json)[field.name]
    if (target === undefined) rest(part)
    if (target === undefined || part === undefined) return []
    if (!('fields' in field) || !('fields' in target)) return [[target.name, part] as const]
    const inner = (one: unknown) => renamed(one, field.fields, target.fields, rest)
    return [[target.name, Array.isArray(part) ? part.map(inner) : inner(part)] as const]
  })
  return Object.fromEntries(entries)
}

/** What both have is equal, and what only the reader has is absent. */
function expectToRead(reader: AnyMessageType, writer: AnyMessageType, value: unknown): void {
  const bytes = writer.encode(value as never)
  const [readFields, writtenFields] = [reader.description.fields, writer.description.fields]
  const read = renamed(reader.decode(bytes, writer.version), readFields, writtenFields, (part) => expect(part ?? []).toEqual([]))
  const written = renamed(writer.decode(bytes, writer.version), writtenFields, readFields)
  expect(read).toEqual(renamed(written, readFields, writtenFields))
}

it('a change that is accepted moves no byte: each definition reads what the other wrote', () => {
  const sample = fc.oneof(flat, fc.constantFrom(...cars, group))
  const counts = { invalid: 0, refused: 0, accepted: 0 }
  fc.assert(
    fc.property(
      sample,
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(0, 1, 5),
      ({ type, value }, changes, later) => {
        let description: SchemaDescription = { ...type.description, version: type.version + later }
        for (const one of changes) description = changed(description, one)
        let other: AnyMessageType
        try {
          other = messageFromDescription(description)
          if (schemaDifferences(type.description, other.description).length > 0) {
            counts.refused++
            expect(schemaDifferences(other.description, type.description).length).toBeGreaterThan(0)
            return
          }
        } catch (error) {
          if (!isSchemaError(error)) throw error
          counts.invalid++
          return
        }
        counts.accepted++
        expect(schemaDifferences(other.description, type.description)).toEqual([])
        expectToRead(other, type, value)
        expectToRead(type, other, renamed(value, type.description.fields, other.description.fields))
      },
    ),
    { numRuns: amount({ short: 600, long: 6000, full: 30_000 }) },
  )
  expect(counts.refused).toBeGreaterThan(50)
  expect(counts.accepted).toBeGreaterThan(50)
})
