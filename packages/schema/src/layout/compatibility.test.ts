import { describe, expect, it } from 'vitest'
import { thrownBy } from '../../test/support/thrown.js'
import {
  checkCompatible,
  enumOf,
  f64,
  fingerprintOf,
  flags,
  fromSbe,
  jsonMessage,
  list,
  message,
  u8,
  u16,
  u32,
  utf8,
} from '../index.js'

const base = message('Quote', 1, { bid: f64(), ask: f64(), side: enumOf({ buy: 0, sell: 1 }), note: utf8() })

/** The differences between two definitions; none when they can live in one queue. */
function differences(one: { description: Parameters<typeof checkCompatible>[0] }, other: typeof one): readonly string[] {
  const error = thrownBy(() => checkCompatible(one.description, other.description)) as
    | { code: string; differences: string[] }
    | undefined
  if (error === undefined) return []
  expect(error).toMatchObject({ code: 'ERR_SCHEMA_INCOMPATIBLE', typeId: 1 })
  return error.differences
}

interface SbeParts {
  readonly version?: number
  readonly field?: string
  readonly groupField?: string
  readonly data?: string
  readonly blockLength?: number
  readonly groupBlockLength?: number
}

/** A message of SBE with a block, a group with data in it, and data. */
function sbe({ version = 0, field = '', groupField = '', data = '', blockLength, groupBlockLength }: SbeParts) {
  const length = (bytes: number | undefined) => (bytes === undefined ? '' : ` blockLength="${bytes}"`)
  const numbers = (names: string) =>
    names
      .split(' ')
      .map((name) => `<type name="${name}" primitiveType="uint16"/>`)
      .join('')
  const { messages } = fromSbe(`<messageSchema package="p" id="1" version="${version}"><types>
    <composite name="messageHeader">${numbers('blockLength templateId schemaId version')}</composite>
    <composite name="groupSizeEncoding">${numbers('blockLength numInGroup')}</composite>
    <composite name="bytes">${numbers('length')}<type name="varData" primitiveType="uint8" length="0"/></composite>
    <composite name="text">${numbers('length')}<type name="varData" primitiveType="uint8" length="0" characterEncoding="UTF-8"/></composite></types>
    <message name="Quote" id="1"${length(blockLength)}><field name="a" id="1" type="uint8"/>${field}
    <group name="rows" id="3"${length(groupBlockLength)}><field name="x" id="4" type="uint8"/>${groupField}<data name="note" id="5" type="text"/></group>
    <data name="d" id="9" type="bytes"/>${data}</message></messageSchema>`)
  return messages['Quote'] as NonNullable<(typeof messages)[string]>
}

describe('what is append-only', () => {
  it('accepts itself, later versions, and does not ask for an order', () => {
    const second = base.since(2, { venue: u16(), levels: list({ price: f64() }) })
    const third = second.since(5, { flags: flags(['a']) })
    for (const one of [base, second, third])
      for (const other of [base, second, third]) expect(differences(one, other)).toEqual([])
  })

  it('accepts a new member of an enum or of flags in a later version only', () => {
    const make = (members: Record<string, number>, names: string[]) =>
      message('Quote', 1, { side: enumOf(members), marks: flags(names) })
    const one = make({ buy: 0, sell: 1 }, ['a', 'b'])
    const more = make({ buy: 0, sell: 1, cross: 2 }, ['a', 'b', 'c'])
    expect(differences(one, more.since(2, {}))).toEqual([])
    expect(differences(one, more)).toEqual([
      'side gained cross without a new version in version 1',
      'marks gained c without a new version in version 1',
    ])
    expect(differences(one, make({ buy: 0 }, ['a', 'b']).since(2, {}))).toEqual(['side lost sell (1) in version 2'])
    expect(differences(one, make({ buy: 1, sell: 0 }, ['a', 'b']).since(2, {}))[0]).toMatch(/^side calls 0 sell instead of buy/)
  })

  it('accepts in a later version a field that has a new name: the layout is the same', () => {
    const renamed = message('Quote', 1, { bestBid: f64(), ask: f64(), side: enumOf({ buy: 0, sell: 1 }), note: utf8() })
    expect(differences(base, renamed.since(2, {}))).toEqual([])
    expect(differences(base, renamed)).toEqual(['bid is bestBid without a new version'])
    expect(renamed.fingerprint).toBe(base.fingerprint)
  })
})

describe('what is not', () => {
  const side = enumOf({ buy: 0, sell: 1 })
  it.each([
    [
      'two fields that swap their names',
      message('Quote', 1, { ask: f64(), bid: f64(), side, note: utf8() }),
      'bid is ask in version 1, which is another field in version 1',
    ],
    ['another kind', message('Quote', 1, { bid: f64(), ask: u32(), side, note: utf8() }), 'ask was f64 and is u32 in version 1'],
    ['a field that is gone', message('Quote', 1, { bid: f64(), ask: f64(), side }), 'note is missing in version 1'],
    [
      'a field more in the same version',
      message('Quote', 1, { bid: f64(), ask: f64(), side, note: utf8(), more: u8() }),
      'more is not in version 1',
    ],
    [
      'a field that can be absent now',
      message('Quote', 1, { bid: f64().optional(), ask: f64(), side, note: utf8() }),
      'bid has other properties',
    ],
    [
      'a field in the middle',
      message('Quote', 1, { bid: f64(), mid: f64(), ask: f64(), side, note: utf8() }).since(2, {}),
      'side is ask in version 2, which is another field in version 1',
    ],
    ['another name of the message', message('Trade', 1, { bid: f64(), ask: f64(), side, note: utf8() }), 'name is'],
    ['another encoding', jsonMessage('Quote', 1), 'encoding is'],
  ])('refuses %s', (_name, other, difference) => {
    const found = differences(base, other)
    expect(found.length).toBeGreaterThan(0)
    expect(found.join('; ')).toContain(difference)
  })

  it('refuses a field that claims an older version, and another definition of the same later version', () => {
    const second = base.since(2, { venue: u16() })
    expect(differences(second, base.since(3, { venue: u16() }))[0]).toBe('venue has other properties in version 3')
    expect(differences(second, base.since(2, { venue: u32() }))[0]).toContain('was u16 and is u32')
    expect(differences(second, base.since(2, { other: u16() }))).toEqual(['venue is other without a new version'])
    expect(differences(base.since(2, { venue: u16() }), base.since(3, {}))[0]).toBe('venue is missing in version 3')
  })

  it('refuses any change inside of the items of a list', () => {
    const one = message('Quote', 1, { levels: list({ price: f64(), size: f64() }) })
    expect(differences(one, message('Quote', 1, { levels: list({ price: f64() }) }).since(2, {}))[0]).toContain(
      'had 2 fields and has 1',
    )
    expect(differences(one, message('Quote', 1, { levels: list({ size: f64(), price: f64() }) }))[0]).toContain(
      'has size where price was',
    )
    expect(differences(one, message('Quote', 1, { levels: list({ price: f64(), size: u32() }) }))[0]).toContain(
      'size was f64 and is u32',
    )
  })

  it('refuses another byte order or header of SBE', () => {
    const schema = (
      order: string,
    ) => `<messageSchema package="p" id="1" byteOrder="${order}"><types><composite name="messageHeader">
      <type name="blockLength" primitiveType="uint16"/><type name="templateId" primitiveType="uint16"/><type name="schemaId" primitiveType="uint16"/>
      <type name="version" primitiveType="uint16"/></composite></types><message name="Quote" id="1"><field name="a" id="1" type="uint8"/></message></messageSchema>`
    const [little, big] = ['littleEndian', 'bigEndian'].map(
      (order) => fromSbe(schema(order)).messages['Quote'] as NonNullable<ReturnType<typeof fromSbe>['messages'][string]>,
    )
    if (little === undefined || big === undefined) throw new Error('no message')
    expect(differences(little, little)).toEqual([])
    expect(differences(little, big)).toEqual(['the SBE header differs'])
  })
})

describe('a later schema of SBE', () => {
  it.each([
    [
      'a field in the block of the message, before its groups',
      '<field name="b" id="2" type="uint8" sinceVersion="1"/>',
      '',
      '',
      [],
    ],
    ['a field in the block of a group', '', '<field name="y" id="4" type="uint8" sinceVersion="1"/>', '', []],
    ['data after the last one', '', '', '<data name="e" id="6" type="bytes" sinceVersion="1"/>', []],
    ['a field that claims to be older', '<field name="b" id="2" type="uint8"/>', '', '', [/^b is not in version 0/]],
    [
      'a field of a group that claims to be older',
      '',
      '<field name="y" id="4" type="uint8"/>',
      '',
      [/^rows had 2 fields and has 3/],
    ],
    [
      'a group in a group: nothing says where an entry ends',
      '',
      '<group name="inner" id="7" sinceVersion="1"><field name="z" id="8" type="uint8"/></group>',
      '',
      [/^rows note was data and is group/],
    ],
  ])('accepts or refuses %s', (_name, field, groupField, data, expected) => {
    const [older, newer] = [sbe({ version: 0 }), sbe({ version: 1, field, groupField, data })]
    const found = [differences(older, newer), differences(newer, older)]
    for (const one of found) expect(one).toEqual(expected.map((text) => expect.stringMatching(text)))
    const bytes = older.encode({
      a: 1,
      rows: [
        { x: 2, note: 'n' },
        { x: 3, note: '' },
      ],
      d: Uint8Array.of(4, 5),
    })
    if (expected.length === 0) expect(newer.decode(bytes)).toEqual(older.decode(bytes))
  })

  it('has a longer block only with a new version', () => {
    const [one, longer, longerGroup] = [sbe({}), sbe({ blockLength: 9 }), sbe({ groupBlockLength: 9 })]
    expect(differences(one, longer)).toEqual(['the SBE block is longer without a new version'])
    expect(differences(longer, one)).toEqual(['the SBE block is shorter'])
    expect(differences(one, longerGroup)).toEqual(['rows has a block that is longer without a new version in version 0'])
    expect(differences(longerGroup, one)).toEqual(['rows has a block that is shorter in version 0'])
    expect(differences(one, sbe({ version: 1, blockLength: 9, groupBlockLength: 9 }))).toEqual([])
  })
})

it('has a fingerprint that leaves names out and nothing else', () => {
  const one = message('A', 1, { x: u8(), y: enumOf({ a: 0, b: 1 }), z: list({ p: f64() }) })
  const same = message('B', 9, { k: u8(), l: enumOf({ c: 0, d: 1 }), m: list({ q: f64() }) })
  expect(one.fingerprint).toMatch(/^[0-9a-f]{16}$/)
  expect(fingerprintOf(one.description)).toBe(same.fingerprint)
  for (const other of [
    message('A', 1, { x: u8(), y: enumOf({ a: 0, b: 2 }), z: list({ p: f64() }) }),
    message('A', 1, { x: u8().optional(), y: enumOf({ a: 0, b: 1 }), z: list({ p: f64() }) }),
    message('A', 1, { x: u8(), y: enumOf({ a: 0, b: 1 }), z: list({ p: u32() }) }),
    message('A', 1, { y: enumOf({ a: 0, b: 1 }), x: u8(), z: list({ p: f64() }) }),
    message('A', 1, { x: u8(), y: enumOf({ a: 0, b: 1 }) }).since(2, { z: list({ p: f64() }) }),
  ])
    expect(other.fingerprint).not.toBe(one.fingerprint)
})
