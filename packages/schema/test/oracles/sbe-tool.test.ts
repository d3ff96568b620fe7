import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  array,
  ascii,
  bool,
  complex,
  decimal,
  enumOf,
  f32,
  f64,
  flags,
  i8,
  i16,
  i32,
  i64,
  type MessageInput,
  message,
  SBE_HEADER_LENGTH,
  timestampNs,
  toSbe,
  u8,
  u16,
  u32,
  u64,
  writeSbeHeader,
} from '@chronicle-ts/schema'
import { expect, it } from 'vitest'

const VERSION = '1.30.0'
const JAR = join(homedir(), `.m2/repository/uk/co/real-logic/sbe-all/${VERSION}/sbe-all-${VERSION}.jar`)
const PROGRAM = fileURLToPath(new URL('./DecodeSbe.java', import.meta.url))
const SCHEMA_ID = 9

const AllV1 = message('All', 7, {
  a: u8(),
  b: i8(),
  c: u16(),
  d: i16(),
  e: u32(),
  f: i32(),
  g: u64(),
  h: i64(),
  i: f32(),
  j: f64(),
  k: bool(),
  l: enumOf({ buy: 0, sell: 1 }),
  m: flags(['x', 'y', 'z']),
  n: decimal(9),
  o: timestampNs(),
  p: complex(),
  q: array('u16', 3),
  r: ascii(8),
  t: u32().optional(),
  v: enumOf({ one: 1 }).optional(),
})
const All = AllV1.since(2, { w: u16() })
const Small = message('Small', 8, { id: u32(), price: f64() })

const value: MessageInput<typeof AllV1> = {
  ...{ a: 255, b: -128, c: 3, d: -4, e: 4_000_000_000, f: -6, g: 2n ** 63n - 1n, h: -8n, i: 1.5, j: 2.25, k: true },
  l: 'sell',
  m: ['x', 'z'],
  ...{ n: '-60123.5', o: 1_700_000_000_000_000_001n, p: { re: 1, im: -1 }, q: [1, 2, 65_535], r: 'BTC-USD' },
}

/** A message as SBE has it: our payload with SBE's header in front. */
function withHeader(type: typeof All | typeof AllV1 | typeof Small, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + SBE_HEADER_LENGTH + payload.length)
  bytes.writeUInt32LE(SBE_HEADER_LENGTH + payload.length)
  writeSbeHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 4, { type, schemaId: SCHEMA_ID })
  bytes.set(payload, 4 + SBE_HEADER_LENGTH)
  return bytes
}

/** What sbe-tool prints for {@link value}: numbers of 64 bits as they are, so they are compared as text. */
const DECODED = [
  '"a": 255, "b": -128, "c": 3, "d": -4, "e": 4000000000, "f": -6, "g": 9223372036854775807, "h": -8, "i": 1.5, "j": 2.25',
  '"k": "T", "l": "sell", "m": { "x": true, "y": false, "z": true }, "n": { "mantissa": -60123500000000, "exponent": -9 }',
  '"o": 1700000000000000001, "p": { "re": 1.0, "im": -1.0 }, "q": [1, 2, 65535], "r": "BTC-USD"',
].join(', ')

it.skipIf(!existsSync(JAR))(
  `sbe-tool ${VERSION} decodes what a schema of fixed fields wrote (fetch it: mvn dependency:get -Dartifact=uk.co.real-logic:sbe-all:${VERSION} -Dtransitive=false)`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sbe-tool-'))
    try {
      const [xml, data] = [join(folder, 'schema.xml'), join(folder, 'messages.bin')]
      writeFileSync(xml, toSbe([All, Small], { package: 'oracle', id: SCHEMA_ID }))
      const messages = [
        withHeader(All, All.encode({ ...value, t: 5, v: 'one', w: 12 })),
        withHeader(All, All.encode(value)),
        withHeader(AllV1, AllV1.encode({ ...value, t: 6 })),
        withHeader(Small, Small.encode({ id: 1, price: 0.1 })),
      ]
      writeFileSync(data, Buffer.concat(messages))
      const { stdout, stderr, status } = spawnSync(
        'java',
        ['--add-opens', 'java.base/sun.nio.ch=ALL-UNNAMED', '-cp', JAR, PROGRAM, xml, data],
        {
          encoding: 'utf8',
        },
      )
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const lines = stdout.trim().split('\n')
      expect(lines[0]).toBe(`{ ${DECODED}, "t": 5, "v": "one", "w": 12 }`)
      expect(lines[1]).toBe(`{ ${DECODED}, "t": 4294967295, "v": "null", "w": 65535 }`)
      expect(lines[2]).toMatch(`{ ${DECODED}, "t": 6, "v": "null"`)
      expect(lines[3]).toBe('{ "id": 1, "price": 0.1 }')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
