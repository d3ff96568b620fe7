import { expect, it } from 'vitest'
import { formatSources, parseSources } from './source-list.js'

const sources = [
  { id: 1, name: 'quotes', queueId: '0123456789abcdef0123456789abcdef' },
  { id: 3, name: 'fills' },
]

it('a list is refused, or says what it said before, whichever of its bytes is damaged', () => {
  const text = formatSources(sources)
  let refused = 0
  for (let at = 0; at < text.length; at++) {
    for (const bit of [1, 2, 4, 8, 16, 32]) {
      const damaged = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ bit) + text.slice(at + 1)
      const parsed = parseSources(damaged)
      if (parsed === undefined) refused++
      else expect(parsed, damaged).toEqual(sources)
    }
  }
  expect(refused).toBeGreaterThan(text.length)
})

it('a list without a checksum is read, as former versions wrote it', () => {
  expect(parseSources(JSON.stringify({ schemaVersion: 1, sources }))).toEqual(sources)
})
