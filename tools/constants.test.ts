import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkoutFiles } from './checkout-files.mjs'
import { root } from './run/root.mjs'

/** A constant that a document gives with its value: the name in backticks, the value in parentheses after it. */
const NAMED_VALUE = /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`\s+\(([\d,]+)(?:\s+(ns|us|ms|s|KiB|MiB))?\)/g
/** How much of the unit of a constant's name, as it ends, a unit of a document is. */
const FACTORS: Record<string, Record<string, number>> = {
  MS: { ms: 1, s: 1000 },
  NS: { ns: 1, us: 1000, ms: 1_000_000, s: 1_000_000_000 },
  BYTES: { KiB: 1024, MiB: 1024 * 1024 },
}

const values = checkoutFiles(root, /\.md$/).flatMap((path) =>
  [...readFileSync(join(root, path), 'utf8').matchAll(NAMED_VALUE)].map(([, name = '', value = '', unit]) => ({
    path,
    name,
    value: Number(value.replaceAll(',', '')) * factorOf(name, unit),
  })),
)

function factorOf(name: string, unit: string | undefined): number {
  if (unit === undefined) return 1
  const kind = name.split('_').find((word) => word in FACTORS) ?? ''
  return FACTORS[kind]?.[unit] ?? Number.NaN
}

/** Every default of every package, which stand in one file each. */
const constants = new Map<string, unknown>()
for (const path of checkoutFiles(root, /^defaults\.ts$/)) {
  for (const [name, value] of Object.entries(await import(join(root, path)))) constants.set(name, value)
}

describe('constants in documents', () => {
  it('are named', () => expect(values.length).toBeGreaterThan(10))

  it.each(values)('$path: $name has the value that stands there', ({ name, value }) => {
    expect(constants.get(name)).toBe(value)
  })
})
