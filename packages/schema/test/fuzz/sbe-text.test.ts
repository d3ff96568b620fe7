import { fromSbe, isSchemaError, type SbeSchema } from '@chronicle-ts/schema'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { oracleText } from '../oracles/oracle-files.js'

const FILES = [
  'example-schema.xml',
  'example-extension-schema.xml',
  'issue435.xml',
  'issue505.xml',
  'issue847.xml',
  'issue984.xml',
  'issue987.xml',
]
const texts = FILES.map((name) => oracleText(`sbe/${name}`))
const include = (href: string) => oracleText(`sbe/${href}`)

/** Pieces of schemas: what tears one apart in another place. */
const pieces = [...new Set(texts.flatMap((text) => text.match(/<[^>]*>|"[^"]*"|[A-Za-z]+=/g) ?? []))]
const numbers = [
  '0',
  '-1',
  '1',
  '255',
  '65535',
  '65536',
  '2147483647',
  '4294967295',
  '4294967296',
  '99999999999999999999',
  '1e9',
  'NaN',
  ' 5 ',
  '',
]

/** Reads a schema and, when it is one, encodes and decodes its messages: any text gives a schema that works, or an error with a code. */
function tryText(text: string): 'schema' | 'refused' {
  let schema: SbeSchema
  try {
    schema = fromSbe(text, { include })
  } catch (error) {
    if (isSchemaError(error, 'ERR_INVALID_ARGUMENT')) return 'refused'
    throw error
  }
  for (const message of Object.values(schema.messages)) {
    const writer = message.writer()
    const length = writer.length()
    // A block of gigabytes is allowed, and not tried.
    if (length > 1_000_000) continue
    const bytes = new Uint8Array(length)
    try {
      writer.begin(new DataView(bytes.buffer), 0, length)
      message.decode(bytes)
    } catch (error) {
      if (!isSchemaError(error)) throw error
    }
  }
  return 'schema'
}

it('any text is refused with a code', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((all) => all.join('')),
      ),
      (text) => {
        tryText(text)
      },
    ),
    { numRuns: amount({ short: 125, long: 500 }) },
  )
})

it('a schema with pieces changed, removed, doubled and moved is a schema or is refused', () => {
  const edit = fc.record({
    kind: fc.constantFrom('remove', 'double', 'replace', 'number', 'cut', 'byte'),
    at: fc.nat(),
    length: fc.integer({ min: 1, max: 40 }),
    piece: fc.constantFrom(...pieces),
    number: fc.constantFrom(...numbers),
  })
  const counts = { schema: 0, refused: 0 }
  const numRuns = amount({ short: 175, long: 700 })
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.array(edit, { maxLength: 4 }), (text, edits) => {
      counts[tryText(edits.reduce(applyEdit, text))]++
    }),
    { numRuns },
  )
  // A fifth of the texts is not edited, of the others most are refused.
  expect(counts.schema).toBeGreaterThan(numRuns / 20)
  expect(counts.refused).toBeGreaterThan(numRuns / 4)
})

interface Edit {
  readonly kind: string
  readonly at: number
  readonly length: number
  readonly piece: string
  readonly number: string
}

/** Most edits take a whole element or value, so that the text stays well-formed and the front end is reached. */
function applyEdit(text: string, { kind, at, length, piece, number }: Edit): string {
  if (kind === 'cut' || kind === 'byte') {
    const from = at % text.length
    return kind === 'cut' ? text.slice(0, from) : text.slice(0, from) + piece[0] + text.slice(from + (length > 20 ? 1 : 0))
  }
  const pattern = kind === 'number' ? /(?<=")\d+(?=")|(?<=>)\d+(?=<)/g : /<[A-Za-z]+ [^<]*\/>|"[^"<]*"/g
  const all = [...text.matchAll(pattern)]
  const found = all[at % Math.max(all.length, 1)]
  if (found === undefined) return text
  const [before, after] = [text.slice(0, found.index), text.slice(found.index + found[0].length)]
  if (kind === 'remove') return before + after
  if (kind === 'double') return before + found[0] + found[0] + after
  return before + (kind === 'number' ? number : piece) + after
}
