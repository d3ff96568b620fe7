import { describe, expect, it } from 'vitest'
import { oracleBytes, oracleSchema } from '../../test/oracles/oracle-files.js'
import { codeOf } from '../../test/support/thrown.js'
import {
  encodeSchema,
  enumOf,
  f64,
  flags,
  isSchemaError,
  jsonMessage,
  list,
  message,
  messageFromDescription,
  msgpackMessage,
  parseSchema,
  parseSchemaFileName,
  schemaFileName,
  u8,
  u16,
  utf8,
} from '../index.js'
import { foreignEncodingOf } from './schema-file.js'

const quote = message('Quote', 1, { flag: u8(), bid: f64(), levels: list({ flag: u8(), price: f64() }), note: utf8() }).since(2, {
  venue: u16(),
})

/** The file of a type with one thing changed. It has no checksum, as files of former versions have none: the other checks must find it. */
function changed(edit: (file: Record<string, never>) => void): string {
  const { checksum: _checksum, ...file } = JSON.parse(encodeSchema(quote.description))
  edit(file)
  return JSON.stringify(file)
}

it('is named by type and version', () => {
  expect(schemaFileName(quote)).toBe('1.2.json')
  expect(parseSchemaFileName('65534.255.json')).toEqual({ typeId: 65534, version: 255 })
  for (const name of ['1.json', '01.1.json', '1.1.json.tmp', 'a.1.json', '1.1.JSON', '-1.1.json', '123456.1.json'])
    expect(parseSchemaFileName(name)).toBeUndefined()
})

it('has a form that stays', () => {
  expect(
    JSON.parse(encodeSchema(message('Tick', 7, { price: f64(), size: u16() }).since(2, { venue: u8() }).description)),
  ).toEqual({
    format: 'chronicle-schema',
    formatVersion: 1,
    name: 'Tick',
    typeId: 7,
    version: 2,
    encoding: 'flat1',
    fingerprint: 'b2fde08b2ff2d87b',
    blockLength: 11,
    fields: [
      { name: 'price', offset: 0, kind: 'f64' },
      { name: 'size', offset: 8, kind: 'u16' },
      { name: 'venue', offset: 10, since: 2, kind: 'u8', optional: true },
    ],
    checksum: '0859f51b7d80d26a',
  })
})

it('is refused, or says what it said before, whichever of its bytes is damaged', () => {
  const type = message('Order', 300, { side: enumOf({ buy: 0, sell: 1 }), tags: flags(['new', 'last']), id: u8() }).keyedBy('id')
  const text = encodeSchema(type.description)
  let accepted = 0
  for (let at = 0; at < text.length; at++) {
    for (const bit of [1, 4, 32]) {
      const damaged = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ bit) + text.slice(at + 1)
      try {
        expect(parseSchema(damaged), damaged).toEqual(type.description)
        accepted++
      } catch (error) {
        expect(isSchemaError(error, 'ERR_INVALID_ARGUMENT'), String(error)).toBe(true)
        expect(foreignEncodingOf(damaged), damaged).toBeUndefined()
      }
    }
  }
  // The blanks between its parts, and the name of the checksum.
  expect(accepted).toBeGreaterThan(0)
})

it('is read without a checksum, as former versions wrote it, and with blanks and lines in other places', () => {
  expect(parseSchema(changed(() => undefined))).toEqual(quote.description)
  expect(parseSchema(JSON.stringify(JSON.parse(encodeSchema(quote.description))))).toEqual(quote.description)
})

describe('a type that is made of its file', () => {
  it("decodes SBE's car as the schema does", () => {
    const car = oracleSchema('example-extension-schema.xml').messages['Car']
    if (car === undefined) throw new Error('no car')
    const again = messageFromDescription(parseSchema(encodeSchema(car.description)))
    const bytes = oracleBytes('sbe/car_example_baseline_data.sbe')
    expect(again.decode(bytes)).toEqual(car.decode(bytes))
    expect(again.fingerprint).toBe(car.fingerprint)
  })

  it.each([jsonMessage<unknown>('Json', 3, { version: 4 }), msgpackMessage<unknown>('Pack', 4)])('encodes $encoding', (type) => {
    const again = messageFromDescription(parseSchema(encodeSchema(type.description)))
    expect(again.decode(type.encode({ a: [1, 'x'] }))).toEqual({ a: [1, 'x'] })
    expect(again.version).toBe(type.version)
  })
})

it('refuses a file whose layout is not one that the rules give: no offset is relied on', () => {
  const edits: ((file: never) => void)[] = [
    (file: { fields: { offset: number }[] }) => { (file.fields[1] as { offset: number }).offset = 1000 },
    (file: { fields: { offset: number }[] }) => { (file.fields[1] as { offset: number }).offset = -8 },
    (file: { fields: { size: number }[] }) => { (file.fields[2] as { size: number }).size = 1 },
    (file: { fields: { fields: { offset: number }[] }[] }) => { ((file.fields[2] as { fields: { offset: number }[] }).fields[1] as { offset: number }).offset = 80 },
    (file: { fields: { kind: string }[] }) => { (file.fields[0] as { kind: string }).kind = 'group' },
    (file: { fields: { kind: string }[] }) => { (file.fields[0] as { kind: string }).kind = 'toString' },
    (file: { fields: { name: string }[] }) => { (file.fields[0] as { name: string }).name = 'bid' },
    (file: { fields: { name: string }[] }) => { (file.fields[0] as { name: string }).name = '0' },
    (file: { fields: { since: number }[] }) => { (file.fields[0] as { since: number }).since = 2 },
    (file: { fields: { since: number }[] }) => { (file.fields[4] as { since: number }).since = 3 },
    (file: { fields: unknown[] }) => { file.fields.push(null) },
    (file: { fields: unknown }) => { file.fields = {} },
    (file: { version: unknown }) => { file.version = 0 },
    (file: { typeId: unknown }) => { file.typeId = 65535 },
    (file: { encoding: unknown }) => { file.encoding = 'sbe' },
    (file: { encoding: unknown }) => { file.encoding = 'cbor' },
    (file: { name: unknown }) => { file.name = '../../x' },
    (file: { format: unknown }) => { file.format = 'other' },
    (file: { formatVersion: unknown }) => { file.formatVersion = 2 },
    (file: { fingerprint: unknown }) => { file.fingerprint = '0000000000000000' },
  ] // biome-ignore format: one table
  for (const edit of edits)
    expect(
      codeOf(() => parseSchema(changed(edit as never))),
      String(edit),
    ).toBe('ERR_INVALID_ARGUMENT')
  for (const text of ['', 'null', '5', '[]', '{}', '{"format":"chronicle-schema"}', undefined as never])
    expect(codeOf(() => parseSchema(text))).toBe('ERR_INVALID_ARGUMENT')
})

it('is checked in time that grows with the number of its fields', () => {
  const count = 2000
  let reads = 0
  const fields = Array.from({ length: count }, (_, offset) => ({
    name: `f${offset}`,
    kind: 'u8',
    get offset() {
      reads++
      return offset
    },
  }))
  const description = { name: 'Long', typeId: 1, version: 1, encoding: 'flat1', fields }
  const type = messageFromDescription(description as never)
  expect(type.decode(new Uint8Array(count))).toEqual(Object.fromEntries(fields.map(({ name }) => [name, 0])))
  expect(reads).toBeLessThan(count * 20)
})

it('refuses what is nested deeper than the engine can go', () => {
  const text = encodeSchema(message('M', 1, { a: u8() }).description)
  const deep = text.replace('"kind": "u8"', `"kind": "u8", "x": ${'['.repeat(200_000)}${']'.repeat(200_000)}`)
  expect(codeOf(() => parseSchema(deep))).toBe('ERR_INVALID_ARGUMENT')
})
