import { encodeSchema, type Fields, message, parseSchema, schemaDifferences } from '@chronicle-ts/schema'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { arbitraryFields } from './arbitrary-schema.js'

type Change = (fields: Fields) => Fields | undefined

/** Changes of the first version that are not append-only; `undefined` when the fields are too few for it. */
const forbidden: Readonly<Record<string, Change>> = {
  'removes the first field': (fields) =>
    Object.keys(fields).length === 0 ? undefined : Object.fromEntries(Object.entries(fields).slice(1)),
  'puts a field in front': (fields) =>
    Object.keys(fields).length === 0 ? undefined : { front: Object.values(fields)[0] as Fields[string], ...fields },
  'adds a field to the first version': (fields) => {
    const [field] = Object.values(fields)
    return field === undefined ? undefined : { ...fields, added: field }
  },
  'swaps two fields': (fields) => {
    const [first, second, ...rest] = Object.entries(fields)
    if (first === undefined || second === undefined) return undefined
    return Object.fromEntries([second, first, ...rest])
  },
  'makes a field optional or not': (fields) => {
    const found = Object.entries(fields).find(([, field]) => field.spec.kind !== 'flags' && !('optional' in field.spec))
    return found === undefined ? undefined : { ...fields, [found[0]]: found[1].optional() }
  },
}

it('every append is accepted, in both orders, and what is accepted reads old data', () => {
  fc.assert(
    fc.property(
      arbitraryFields('a').chain((first) => first.values.map((value) => ({ fields: first.fields, value }))),
      arbitraryFields('b', { isLater: true }),
      arbitraryFields('c', { isLater: true }),
      ({ fields, value }, second, third) => {
        const one = message('Any', 1, fields)
        const two = one.since(2, second.fields)
        const three = two.since(9, third.fields)
        const all = [one, two, three]
        for (const a of all) {
          for (const b of all) expect(schemaDifferences(a.description, b.description)).toEqual([])
          expect(a.decode(one.encode(value), 1)).toEqual(value)
        }
        // A registry file says the same.
        expect(schemaDifferences(parseSchema(encodeSchema(one.description)), three.description)).toEqual([])
      },
    ),
    { numRuns: 150 },
  )
})

it.each(Object.entries(forbidden))('a change that %s is refused, in the same and in a later version', (_name, change) => {
  let count = 0
  fc.assert(
    fc.property(arbitraryFields('a'), ({ fields }) => {
      const changed = change(fields)
      if (changed === undefined) return
      count++
      const one = message('Any', 1, fields)
      const other = message('Any', 1, changed)
      for (const version of [other, other.since(2, {})]) {
        expect(schemaDifferences(one.description, version.description).length).toBeGreaterThan(0)
        expect(schemaDifferences(version.description, one.description).length).toBeGreaterThan(0)
      }
    }),
    { numRuns: 150 },
  )
  expect(count).toBeGreaterThan(50)
})
