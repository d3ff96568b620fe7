import { expect, it } from 'vitest'
import { codeOf } from '../support/thrown.js'
import { oracleSchema } from './oracle-files.js'

function only(name: string) {
  const schema = oracleSchema(`${name}.xml`)
  const [message, ...more] = Object.values(schema.messages)
  if (message === undefined || more.length > 0) throw new Error(`${name} has not exactly one message`)
  return { schema, message }
}

it('issue 435: enums and sets by reference, in composites and in the message header, big-endian', () => {
  const { schema, message } = only('issue435')
  expect(schema.byteOrder).toBe('big')
  expect(schema.header.size).toBe(9)
  const bytes = message.encode({ example: { e: 'Two' } })
  message.setHeader(bytes, { s: ['One'] })
  expect([...bytes]).toEqual([0, 1, 0, 1, 0x01, 0xb3, 0, 0, 1, 1])
  expect(message.decode(bytes)).toEqual({ example: { e: 'Two' } })
  expect(message.header(bytes)).toEqual({ blockLength: 1, templateId: 1, schemaId: 435, version: 0, s: ['One'] })
})

it('issue 472: an optional field that nothing was stored into is null', () => {
  const { message } = only('issue472')
  const writer = message.writer()
  const bytes = new Uint8Array(writer.length())
  const body = writer.begin(new DataView(bytes.buffer), 0, bytes.length)
  expect(body.optional).toBeUndefined()
  expect([...bytes.subarray(8)]).toEqual(new Array(8).fill(0xff))
  expect(message.decode(bytes)).toEqual({})
  expect(message.decode(message.encode({ optional: 5n }))).toEqual({ optional: 5n })
  expect(codeOf(() => message.encode({ optional: 2n ** 64n - 1n }))).toBe('ERR_INVALID_ARGUMENT')
})

it('issue 483: presence is required unless it says otherwise, and a constant takes its value from an enum', () => {
  const { message } = only('issue483')
  expect(message.decode(message.encode({ unset: 3, required: 4 }))).toEqual({ unset: 3, required: 4, constant: 1 })
  expect(message.decode(message.encode({ unset: 3, required: 4, optional: 5 }))).toMatchObject({ optional: 5 })
  expect(codeOf(() => message.encode({ required: 4 }))).toBe('ERR_INVALID_ARGUMENT')
  expect(codeOf(() => message.encode({ unset: 3 }))).toBe('ERR_INVALID_ARGUMENT')
  expect(codeOf(() => message.encode({ unset: 3, required: 4, constant: 2 }))).toBe('ERR_INVALID_ARGUMENT')
  expect(message.encode({ unset: 3, required: 4 }).length).toBe(8 + 3)
})

it('issue 488: variable data holds every byte, the smallest and the largest too', () => {
  const { message } = only('issue488')
  const varData = Uint8Array.of(0, 42, 255)
  const bytes = message.encode({ varData })
  expect([...bytes.subarray(8)]).toEqual([0, 0, 0, 3, 0, 42, 255])
  expect(message.decode(bytes)).toEqual({ varData })
})

it('issue 505: constants of characters, with and without a length', () => {
  const { schema, message } = only('issue505')
  expect(schema.byteOrder).toBe('little')
  const bytes = message.encode({})
  expect(bytes.length).toBe(8)
  expect(message.decode(bytes)).toEqual({ sourceOne: 'C', sourceTwo: 'D', sourceThree: 'EF', sourceFour: 'GH' })
})

it('issue 560: a constant of an enum, in a schema whose types stand in two elements', () => {
  const { message } = only('issue560')
  expect(message.decode(message.encode({}))).toEqual({ discountedModel: 'C' })
})

it('issue 827: a set of 64 bits has bits beyond the 32nd', () => {
  const { message } = only('issue827')
  const bytes = message.encode({ set0: ['Bit35'] })
  expect([...bytes.subarray(8)]).toEqual([0, 0, 0, 8, 0, 0, 0, 0])
  expect(message.decode(bytes)).toEqual({ set0: ['Bit35'] })
  expect(message.decode(message.encode({ set0: ['Bit0', 'Bit35'] }))).toEqual({ set0: ['Bit0', 'Bit35'] })
})

it('issue 847: a composite inside of the message header, and the header as the type of a field', () => {
  const { schema, message } = only('issue847')
  expect(schema.header.size).toBe(12)
  const header = { blockLength: 1, templateId: 2, schemaId: 3, version: 4, c1: { lmn: 5, wxy: 6 } }
  const bytes = message.encode({ header })
  expect(bytes.length).toBe(24)
  expect(message.decode(bytes)).toEqual({ header })
  message.setHeader(bytes, { c1: { lmn: 7, wxy: 8 } })
  expect(message.header(bytes)).toEqual({ blockLength: 12, templateId: 4, schemaId: 1, version: 0, c1: { lmn: 7, wxy: 8 } })
  expect(message.decode(bytes)).toEqual({ header })
})

it('issue 895: optional floats are null as NaN, each on its own', () => {
  const { message } = only('issue895')
  expect(message.encode({}).length).toBe(8 + 12)
  expect(message.decode(message.encode({ optional_float: 2.5, optional_double: 4.12 }))).toEqual({
    optional_float: 2.5,
    optional_double: 4.12,
  })
  expect(message.decode(message.encode({ optional_double: 4.12 }))).toEqual({ optional_double: 4.12 })
  expect(message.decode(message.encode({ optional_float: 2.5 }))).toEqual({ optional_float: 2.5 })
  expect(message.decode(message.encode({}))).toEqual({})
})

it('issue 984: the version of a type is the version of the fields that have it, inside of a group', () => {
  const { message } = only('issue984')
  const full = { id: 1985, MyGroup: [{ f1: 'abcd', f2: 'abcde', f3: 'abcdef' }] }
  const bytes = message.encode(full)
  expect(bytes.length).toBe(8 + 2 + 3 + 15)
  expect(message.decode(bytes)).toEqual(full)
  // The same message as a writer of version 2 makes it: its blocks end before f3.
  const older = Uint8Array.of(...bytes.subarray(0, 22))
  new DataView(older.buffer).setUint16(6, 2, true)
  new DataView(older.buffer).setUint16(10, 9, true)
  expect(message.decode(older)).toEqual({ id: 1985, MyGroup: [{ f1: 'abcd', f2: 'abcde' }] })
  // Version 3 must have it.
  new DataView(older.buffer).setUint16(6, 3, true)
  expect(codeOf(() => message.decode(older))).toBe('ERR_BAD_MESSAGE')
})

it('issue 987: parts of a composite at offsets of their own', () => {
  const { message } = only('issue987')
  const bytes = message.encode({ oldField: 10, newField: { f1: 11, f2: 12 } })
  expect([...bytes.subarray(8)]).toEqual([10, 0, 11, 0, 0, 0, 12, 0, 0, 0])
  expect(message.decode(bytes)).toEqual({ oldField: 10, newField: { f1: 11, f2: 12 } })
})
