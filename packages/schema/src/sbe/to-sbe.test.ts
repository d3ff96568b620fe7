import { expect, it } from 'vitest'
import { codeOf } from '../../test/support/thrown.js'
import {
  array,
  ascii,
  bool,
  complex,
  decimal,
  enumOf,
  f64,
  flags,
  fromSbe,
  jsonMessage,
  list,
  message,
  SBE_HEADER_LENGTH,
  timestampNs,
  toSbe,
  u8,
  u16,
  u32,
  utf8,
  writeSbeHeader,
} from '../index.js'

const Quote = message('Quote', 7, {
  tsEvent: timestampNs(),
  price: decimal(9),
  id: u32(),
  side: enumOf({ buy: 0, sell: 1 }),
  bid: f64(),
  symbol: ascii(8),
})
const Other = message('Other', 8, {
  side: enumOf({ buy: 0, sell: 1 }),
  marks: flags(['a', 'b']),
  ok: bool(),
  gain: complex(),
  row: array('u16', 3),
  maybe: u8().optional(),
})
const QuoteV2 = Quote.since(2, { venue: u16() })

it('describes types of fixed fields as SBE does', () => {
  const xml = toSbe([QuoteV2, Other], { package: 'feed', id: 99, description: 'quotes & "more"' })
  expect(xml).toContain(
    '<sbe:messageSchema xmlns:sbe="http://fixprotocol.io/2016/sbe" package="feed" id="99" version="2" description="quotes &#38; &#34;more&#34;" byteOrder="littleEndian">',
  )
  expect(xml).toContain('<field name="bid" id="5" type="double" offset="24"/>')
  expect(xml).toContain('<field name="venue" id="7" type="Quote_venue" offset="40" sinceVersion="2"/>')
  // One definition for the same members.
  expect(xml.match(/<enum name="[A-Za-z]+_side"/g)).toEqual(['<enum name="Quote_side"'])
  const { id, version, messages } = fromSbe(xml)
  expect([id, version, Object.keys(messages)]).toEqual([99, 2, ['Quote', 'Other']])
})

it('makes a payload a message of SBE by the header in front of it', () => {
  const car = fromSbe(toSbe([QuoteV2], { package: 'feed', id: 99 })).messages['Quote']
  const value = { tsEvent: 5n, price: '1.5', id: 3, side: 'sell', bid: 2.5, symbol: 'BTC' } as const
  for (const [type, version, extra] of [
    [Quote, 1, {}],
    [QuoteV2, 2, { venue: 9 }],
  ] as const) {
    const payload = (type as typeof QuoteV2).encode({ ...value, ...extra })
    const bytes = new Uint8Array(SBE_HEADER_LENGTH + payload.length)
    writeSbeHeader(new DataView(bytes.buffer), 0, { type: QuoteV2, schemaId: 99, version })
    bytes.set(payload, SBE_HEADER_LENGTH)
    expect(car?.decode(bytes)).toEqual({ ...value, price: { mantissa: 1_500_000_000n, exponent: -9 }, ...extra })
  }
})

it('refuses what SBE cannot describe', () => {
  const options = { package: 'p', id: 1 }
  for (const type of [
    message('A', 1, { note: utf8() }),
    message('A', 1, { rows: list({ a: u8() }) }),
    jsonMessage('J', 1),
    message('A', 1, { big: array('f64', 8192) }),
  ])
    expect(codeOf(() => toSbe([type], options))).toBe('ERR_INVALID_ARGUMENT')
  expect(codeOf(() => toSbe([Quote], { package: 'p', id: 65536 }))).toBe('ERR_INVALID_ARGUMENT')
  for (const name of ['\u001b[31m', 'a\nb', '\u0001', '\ud800', '\uffff']) {
    for (const field of [enumOf({ [name]: 0 }), flags([name])])
      expect(codeOf(() => toSbe([message('A', 1, { field })], options))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => toSbe([Quote], { package: name, id: 1 }))).toBe('ERR_INVALID_ARGUMENT')
  }
  const odd = toSbe([message('A', 1, { field: enumOf({ 'b"<>&\u00e9': 0 }) })], options)
  expect(fromSbe(odd).messages['A']?.decode(Uint8Array.of(1, 0, 1, 0, 1, 0, 1, 0, 0))).toEqual({ field: 'b"<>&\u00e9' })
  expect(codeOf(() => toSbe([Quote], { id: 1 } as never))).toBe('ERR_INVALID_ARGUMENT')
  for (const types of [undefined, null, 5, [null]])
    expect(codeOf(() => toSbe(types as never, options))).toBe('ERR_INVALID_ARGUMENT')
})
