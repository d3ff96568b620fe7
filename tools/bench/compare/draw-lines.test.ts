import { describe, expect, it } from 'vitest'
import { drawLines } from './draw-lines.js'

const value = (median: number) => ({ median, min: median / 2, max: median * 2 })

describe('drawLines', () => {
  it('names every line beside its end, at a distance from the others', () => {
    const lines = ['one', 'two', 'three'].map((title, style) => ({ title, style, values: [value(10), value(100)] }))
    const picture = drawLines({ title: 'a title', source: 'a machine' }, [{ title: 'ns', places: ['1', '2'], lines }])
    const labels = [...picture.matchAll(/y="([\d.]+)">(one|two|three): 100</g)].map(([, y]) => Number(y))
    expect(labels).toHaveLength(3)
    expect((labels[1] ?? 0) - (labels[0] ?? 0)).toBeGreaterThanOrEqual(13)
    expect((labels[2] ?? 0) - (labels[1] ?? 0)).toBeGreaterThanOrEqual(13)
  })

  it('places values by their logarithm, with the spread around them', () => {
    const lines = [{ title: 'one', style: 0, values: [value(10), undefined, value(1000)] }]
    const picture = drawLines({ title: 'a title', source: 'a machine' }, [{ title: 'ns', places: ['1', '2', '3'], lines }])
    const circles = [...picture.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => Number(y))
    const spreads = [...picture.matchAll(/<line stroke="[^"]+" x1="[\d.]+" y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)"/g)]
    const scale = [...picture.matchAll(/text-anchor="end">([\d,]+)</g)].map(([, text]) => text)
    expect(scale).toEqual(['1', '10', '100', '1,000', '10,000'])
    // Four decades in 240: two of them are 120, and twice a value is 18 in each direction.
    expect((circles[0] ?? 0) - (circles[1] ?? 0)).toBeCloseTo(120, 0)
    expect(spreads.map(([, low, high]) => Math.round(Number(low) - Number(high)))).toEqual([36, 36])
  })

  it('gives a system the same colour and dashes in each panel, and ours a thicker line', () => {
    const panel = (styles: readonly number[]) => ({
      title: 'ns',
      places: ['1'],
      lines: styles.map((style) => ({ title: `system ${style}`, style, values: [value(1)] })),
    })
    const picture = drawLines({ title: 'a title', source: 'a machine' }, [panel([0, 1, 2]), panel([0, 2])])
    const paths = [...picture.matchAll(/<path class="(o?)" stroke="([^"]+)"/g)].map(([, thick, colour]) => `${thick} ${colour}`)
    expect(paths).toHaveLength(5)
    expect(paths[0]).toMatch(/^o #/)
    expect(paths[3]).toBe(paths[0])
    expect(paths[4]).toBe(paths[2])
    expect(new Set(paths).size).toBe(3)
  })

  it('escapes what has a meaning in XML, and shows a panel without lines', () => {
    const picture = drawLines({ title: 'a < b & c', source: 'a machine & a date' }, [{ title: '<ns>', places: [], lines: [] }])
    expect(picture).toContain('a &lt; b &amp; c')
    expect(picture).toContain('&lt;ns&gt;')
    expect(picture).toContain('>a machine &amp; a date<')
    expect(picture).not.toContain('NaN')
  })
})
