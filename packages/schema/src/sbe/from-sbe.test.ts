import { describe, expect, it } from 'vitest'
import { codeOf, thrownBy } from '../../test/support/thrown.js'
import { encodeSchema, fromSbe, messageFromDescription, parseSchema } from '../index.js'

const HEADER = `<composite name="messageHeader"><type name="blockLength" primitiveType="uint16"/><type name="templateId" primitiveType="uint16"/>
  <type name="schemaId" primitiveType="uint16"/><type name="version" primitiveType="uint16"/></composite>`
const GROUP_SIZE = `<composite name="groupSizeEncoding"><type name="blockLength" primitiveType="uint16"/><type name="numInGroup" primitiveType="uint8"/></composite>`
const TEXT = `<composite name="text"><type name="length" primitiveType="uint8"/><type name="varData" primitiveType="uint8" length="0" characterEncoding="UTF-8"/></composite>`

function schema(types: string, fields: string, attributes = ''): string {
  return `<messageSchema package="p" id="1" version="4" ${attributes}><types>${HEADER}${GROUP_SIZE}${TEXT}${types}</types><message name="M" id="1">${fields}</message></messageSchema>`
}

function only(types: string, fields: string, attributes = '') {
  const message = fromSbe(schema(types, fields, attributes)).messages['M']
  if (message === undefined) throw new Error('no message')
  return message
}

describe('a schema of SBE', () => {
  it('keeps limits and null values that its types give', () => {
    const message = only(
      `<type name="Ron" primitiveType="uint8" minValue="90" maxValue="110"/><type name="Odd" primitiveType="int32" presence="optional" nullValue="-1"/>`,
      '<field name="ron" id="1" type="Ron"/><field name="odd" id="2" type="Odd"/>',
    )
    expect([...message.encode({ ron: 95 }).subarray(8)]).toEqual([95, 255, 255, 255, 255])
    expect(message.decode(message.encode({ ron: 110, odd: 7 }))).toEqual({ ron: 110, odd: 7 })
    expect(message.decode(message.encode({ ron: 110 }))).toEqual({ ron: 110 })
    for (const ron of [89, 111]) expect(codeOf(() => message.encode({ ron }))).toBe('ERR_INVALID_ARGUMENT')
  })

  const SIDES =
    '<enum name="Side" encodingType="uint8"><validValue name="A">1</validValue><validValue name="B">2</validValue></enum>'

  // sbe-tool 1.30.0 makes the same of each.
  it.each([
    ['an enum of characters', '<enum name="T" encodingType="char" nullValue="N"><validValue name="S">S</validValue></enum>', 'N'],
    [
      'an enum of a named type of characters',
      '<type name="n" primitiveType="char" nullValue="N"/><enum name="T" encodingType="n"><validValue name="S">S</validValue></enum>',
      'N',
    ],
    [
      'an enum of a named type, which is negative',
      '<type name="n" primitiveType="int8" nullValue="-1"/><enum name="T" encodingType="n"><validValue name="S">1</validValue></enum>',
      '\u00ff',
    ],
    ['a character', '<type name="T" primitiveType="char" presence="optional" nullValue="N"/>', 'N'],
    [
      'the elements of an array',
      '<type name="T" primitiveType="uint8" length="3" presence="optional" nullValue="9"/>',
      '\u0009\u0009\u0009',
    ],
    [
      'a float',
      '<type name="T" primitiveType="float" minValue="-Infinity" maxValue="Infinity" presence="optional"/>',
      '\0\0\u00c0\u007f',
    ],
    [
      'an enum of 64 bits, whose null value no number holds',
      '<enum name="T" encodingType="uint64"><validValue name="zero">0</validValue></enum>',
      '\u00ff'.repeat(8),
    ],
  ])('keeps the null value of %s', (_name, types, bytes) => {
    const message = only(types, '<field name="x" id="1" type="T" presence="optional"/>')
    expect(Buffer.from(message.encode({}).subarray(8)).toString('latin1')).toBe(bytes)
    expect(message.decode(message.encode({}))).toEqual({})
    expect(messageFromDescription(parseSchema(encodeSchema(message.description))).decode(message.encode({}))).toEqual({})
  })

  it('takes a constant from an enum also where the type says which, also as a part of a composite', () => {
    const types = `${SIDES}<type name="T" primitiveType="uint8" presence="constant" valueRef="Side.B"/>
      <composite name="C"><type name="x" primitiveType="uint16" presence="constant" valueRef="Side.A"/><type name="y" primitiveType="uint8"/></composite>`
    const message = only(types, '<field name="t" id="1" type="T"/><field name="c" id="2" type="C"/>')
    expect(message.decode(message.encode({ c: { y: 7 } }))).toEqual({ t: 2, c: { x: 1, y: 7 } })
    expect(message.encode({ c: { y: 7 } }).length).toBe(8 + 1)
  })

  it('has a blank as a character of an enum', () => {
    const message = only(
      '<enum name="T" encodingType="char"><validValue name="blank"> </validValue><validValue name="x"> x </validValue></enum>',
      '<field name="t" id="1" type="T"/>',
    )
    expect(message.encode({ t: 'blank' }).at(-1)).toBe(0x20)
    expect(message.decode(message.encode({ t: 'x' }))).toEqual({ t: 'x' })
  })

  it('reads text as its encoding says, padded with zeros', () => {
    const message = only(
      `<type name="A" primitiveType="char" length="4"/><type name="L" primitiveType="char" length="4" characterEncoding="ISO-8859-1"/><type name="U" primitiveType="char" length="4" characterEncoding="UTF-8"/>`,
      '<field name="a" id="1" type="A"/><field name="l" id="2" type="L"/><field name="u" id="3" type="U"/><field name="c" id="4" type="char"/>',
    )
    const value = { a: 'ab', l: 'é', u: 'é', c: 'x' }
    expect(Buffer.from(message.encode(value).subarray(8)).toString('hex')).toBe('61620000e9000000c3a9000078')
    expect(message.decode(message.encode(value))).toEqual(value)
    expect(codeOf(() => message.encode({ ...value, a: 'é' }))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => message.encode({ ...value, u: 'ééé' }))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('stores all of big-endian', () => {
    const message = only(
      '<type name="Three" primitiveType="uint16" length="3"/>',
      '<field name="a" id="1" type="uint32"/><field name="b" id="2" type="Three"/><field name="c" id="3" type="double"/><data name="d" id="4" type="text"/>',
      'byteOrder="bigEndian"',
    )
    const value = { a: 1, b: Uint16Array.of(1, 2, 515), c: 1, d: 'x' }
    expect(Buffer.from(message.encode(value)).toString('hex')).toBe(
      '0012000100010004' + '00000001' + '000100020203' + '3ff0000000000000' + '0178',
    )
    expect(message.decode(message.encode(value))).toEqual(value)
  })

  it('leaves groups and data of later versions out of older messages', () => {
    const older = only(
      '',
      '<field name="a" id="1" type="uint8"/><group name="g" id="2"><field name="x" id="3" type="uint8"/></group>',
    )
    const newer = only(
      '',
      '<field name="a" id="1" type="uint8"/><group name="g" id="2"><field name="x" id="3" type="uint8"/></group><group name="h" id="4" sinceVersion="4"><field name="y" id="5" type="uint8"/></group><data name="d" id="6" type="text" sinceVersion="4"/>',
      '',
    )
    const bytes = older.encode({ a: 1, g: [{ x: 2 }] })
    new DataView(bytes.buffer).setUint16(6, 3, true)
    expect(newer.decode(bytes)).toEqual({ a: 1, g: [{ x: 2 }] })
    const later = newer.encode({ a: 1, g: [{ x: 2 }], h: [{ y: 3 }], d: 'z' })
    expect(newer.decode(later)).toEqual({ a: 1, g: [{ x: 2 }], h: [{ y: 3 }], d: 'z' })
    expect(older.decode(later)).toEqual({ a: 1, g: [{ x: 2 }] })
  })

  it('refuses sizes that the header of a part cannot hold', () => {
    const message = only(
      '',
      '<group name="g" id="2"><field name="x" id="3" type="uint8"/></group><data name="d" id="6" type="text"/>',
    )
    expect(
      message.decode(message.encode({ g: Array.from({ length: 254 }, () => ({ x: 1 })), d: 'x'.repeat(254) }))['d'],
    ).toHaveLength(254)
    expect(codeOf(() => message.encode({ g: Array.from({ length: 255 }, () => ({ x: 1 })), d: '' }))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => message.encode({ g: [], d: 'x'.repeat(255) }))).toBe('ERR_INVALID_ARGUMENT')
    expect(message.decode(message.encode({}))).toEqual({ g: [], d: '' })
    for (const sizes of [{ e: 1 }, { g: 2, dd: 1 }, 5, null])
      expect(codeOf(() => message.writer().length(sizes as never))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('refuses a message of another template or schema', () => {
    const message = only('', '<field name="a" id="1" type="uint8"/>')
    for (const at of [2, 4]) {
      const bytes = message.encode({ a: 1 })
      bytes[at] = 9
      expect(thrownBy(() => message.decode(bytes))).toMatchObject({ code: 'ERR_BAD_MESSAGE' })
    }
  })

  it('takes the type id of a message from the template, or from the caller', () => {
    expect(only('', '<field name="a" id="1" type="uint8"/>').typeId).toBe(1)
    const other = fromSbe(schema('', '<field name="a" id="1" type="uint8"/>'), { typeId: ({ templateId }) => templateId + 500 })
    expect(other.messages['M']?.typeId).toBe(501)
  })
})

describe('what is not a schema', () => {
  const field = '<field name="a" id="1" type="uint8"/>'
  const deep = Array.from(
    { length: 30 },
    (_, n) => `<composite name="C${n}"><ref name="a" type="C${n - 1}"/><ref name="b" type="C${n - 1}"/></composite>`,
  )
  it.each([
    ['no XML', 'hello'],
    ['nothing', ''],
    ['an open tag', '<messageSchema'],
    ['tags that cross', '<messageSchema><types></messageSchema></types>'],
    ['another document', '<html/>'],
    ['entities of its own', `<!DOCTYPE x [<!ENTITY a "aaaa">]>${schema('', field)}`],
    ['an unknown entity', schema('', field).replace('name="M"', 'name="&big;"')],
    ['elements in elements without end', '<a>'.repeat(100_000)],
    ['no header', `<messageSchema id="1"><types/><message name="M" id="1">${field}</message></messageSchema>`],
    ['no id', schema('', field).replace('id="1"', '')],
    ['a byte order of its own', schema('', field, 'byteOrder="middle"')],
    ['an unknown type', schema('', '<field name="a" id="1" type="uint128"/>')],
    ['the name of something that all objects have', schema('', '<field name="a" id="1" type="constructor"/>')],
    ['a field with a name that no body can have', schema('', '<field name="__proto__" id="1" type="uint8"/>')],
    ['two fields of one name', schema('', field + field)],
    ['two types of one name', schema('<type name="T" primitiveType="uint8"/><type name="T" primitiveType="int8"/>', field)],
    ['a field after a group', schema('', `<group name="g" id="2">${field}</group><field name="b" id="1" type="uint8"/>`)],
    ['a group without fields', schema('', '<group name="g" id="2"></group>')],
    ['a group of an unknown dimension', schema('', `<group name="g" id="2" dimensionType="text">${field}</group>`)],
    ['data that is not data', schema('', '<data name="d" id="1" type="groupSizeEncoding"/>')],
    [
      'a composite that contains itself',
      schema('<composite name="C"><ref name="c" type="C"/></composite>', '<field name="a" id="1" type="C"/>'),
    ],
    [
      'composites that double each other',
      schema(
        `<composite name="C-1"><type name="x" primitiveType="uint8"/></composite>${deep.join('')}`,
        '<field name="a" id="1" type="C29"/>',
      ),
    ],
    ['an offset inside of the field before', schema('', `${field}<field name="b" id="2" type="uint8" offset="0"/>`)],
    ['a block that is too short', schema('', field).replace('<message name="M"', '<message blockLength="0" name="M"')],
    [
      'a block that its header cannot count',
      schema('<type name="T" primitiveType="uint8" length="65535"/>', '<field name="a" id="1" type="T"/>'),
    ],
    [
      'a group whose entries its header cannot count',
      schema('', `<group name="g" id="2" blockLength="65535"><field name="x" id="3" type="uint8"/></group>`),
    ],
    [
      'a version that its header cannot hold',
      schema('', field)
        .replace('name="version" primitiveType="uint16"', 'name="version" primitiveType="uint8"')
        .replace('version="4"', 'version="255"'),
    ],
    [
      'an id of the schema that its header cannot hold',
      schema('', field)
        .replace('name="schemaId" primitiveType="uint16"', 'name="schemaId" primitiveType="uint8"')
        .replace('id="1"', 'id="300"'),
    ],
    [
      'an array of two gigabytes and more',
      schema('<type name="T" primitiveType="uint64" length="2147483647"/>', '<field name="a" id="1" type="T"/>'),
    ],
    ['an enum without members', schema('<enum name="E" encodingType="uint8"></enum>', '<field name="a" id="1" type="E"/>')],
    [
      'an enum with a member out of range',
      schema(
        '<enum name="E" encodingType="uint8"><validValue name="a">256</validValue></enum>',
        '<field name="a" id="1" type="E"/>',
      ),
    ],
    [
      'an enum of text',
      schema(
        '<enum name="E" encodingType="uint8"><validValue name="a">x</validValue></enum>',
        '<field name="a" id="1" type="E"/>',
      ),
    ],
    [
      'a bit beyond the set',
      schema('<set name="S" encodingType="uint8"><choice name="a">8</choice></set>', '<field name="a" id="1" type="S"/>'),
    ],
    [
      'a constant without a value',
      schema('<type name="T" primitiveType="uint8" presence="constant"/>', '<field name="a" id="1" type="T"/>'),
    ],
    [
      'a constant out of range',
      schema('<type name="T" primitiveType="uint8" presence="constant">256</type>', '<field name="a" id="1" type="T"/>'),
    ],
    ['a reference to no member', schema('', '<field name="a" id="1" type="uint8" presence="constant" valueRef="E.x"/>')],
    ['an unknown presence', schema('', '<field name="a" id="1" type="uint8" presence="maybe"/>')],
    [
      'an unknown character encoding',
      schema('<type name="T" primitiveType="char" length="2" characterEncoding="EBCDIC"/>', '<field name="a" id="1" type="T"/>'),
    ],
    ['a file to include', '<messageSchema id="1"><include href="other.xml"/></messageSchema>'],
    [
      'two messages of one id',
      schema('', field).replace('</messageSchema>', `<message name="N" id="1">${field}</message></messageSchema>`),
    ],
  ])('refuses %s', (_name, xml) => {
    expect(thrownBy(() => fromSbe(xml))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', category: 'usage' })
  })

  it.each([5, null, undefined, {}])('refuses %s', (xml) => {
    expect(codeOf(() => fromSbe(xml as never))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('says the line', () => {
    expect(String(thrownBy(() => fromSbe(`<messageSchema id="1">\n<types/>\n<massage/></messageSchema>`)))).toContain(
      'xml line 3, <massage>',
    )
  })
})
