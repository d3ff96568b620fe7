import { describe, expect, it } from 'vitest'
import { renderTable } from './table.js'
import { cutText, padText, textWidth } from './text-width.js'

describe('the width of text', () => {
  it.each([
    ['plain', 5],
    ['Größe', 5],
    ['注文', 4],
    ['ｗｉｄｅ', 8],
    ['한글', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['\u200b', 0],
  ])('of %j is %i', (text, width) => expect(textWidth(text)).toBe(width))

  it('is kept when text is cut, at its end or in its middle', () => {
    expect(cutText('orders/queue/alpha', 10)).toBe('orders/qu…')
    expect(cutText('orders/queue/alpha', 10, 'middle')).toBe('order…lpha')
    expect(cutText('注文注文注文', 6)).toBe('注文…')
    for (let width = 0; width <= 12; width += 1)
      for (const where of ['end', 'middle'] as const)
        expect(textWidth(cutText('注文aé👍注文', width, where))).toBeLessThanOrEqual(width)
  })

  it('lines columns up', () => {
    const lines = renderTable(
      [{ title: 'NAME' }, { title: 'N', align: 'right' }],
      [
        ['注文', '1'],
        ['plain name', '22'],
      ],
    )
    expect(lines.map((line) => textWidth(line))).toEqual([14, 14, 14])
    expect(padText('注', 4, 'right')).toBe('  注')
  })
})
