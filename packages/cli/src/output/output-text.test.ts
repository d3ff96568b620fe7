import { describe, expect, it } from 'vitest'
import { toJsonLine } from './json.js'
import { wantsColour } from './palette.js'
import { printable, printableLines } from './printable.js'
import { progressText } from './progress.js'
import { formatBytes, formatCount, formatDuration, formatRate } from './quantities.js'
import { renderTable } from './table.js'
import { textWidth } from './text-width.js'
import { formatTime, parseSpan, parseTime } from './times.js'
import { wrapText } from './wrap.js'

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [128 * 1024 * 1024, '128 MiB'],
    [100 * 1024 ** 4, '100 TiB'],
  ])('shows %i bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [742, '742 ns'],
    [1_250_000, '1.25 ms'],
    [59_900_000_000, '59.9 s'],
    [200e9, '3m 20s'],
    [5_000_000_000_000, '1h 23m'],
    [442_800e9, '5d 3h'],
    [-1500, '-1.5 us'],
  ])('shows %d ns as %s', (ns, text) => expect(formatDuration(ns)).toBe(text))

  it('groups thousands and shortens rates', () => {
    expect([formatCount(1234567), formatCount(12n), formatRate(3), formatRate(4960), formatRate(1_234_567)]).toEqual([
      '1,234,567',
      '12',
      '3.0/s',
      '4960/s',
      '1.23 M/s',
    ])
  })
})

describe('times', () => {
  it('are RFC 3339 with nanoseconds, both ways', () => {
    const timestampNs = 1_700_000_000_123_456_789n
    expect(formatTime(timestampNs)).toBe('2023-11-14T22:13:20.123456789Z')
    expect(parseTime(formatTime(timestampNs))).toBe(timestampNs)
  })

  it.each([
    ['2023-11-14', 1_699_920_000_000_000_000n],
    ['2023-11-14 22:13', 1_699_999_980_000_000_000n],
    ['2023-11-14T23:13:20+01:00', 1_700_000_000_000_000_000n],
    ['1700000000000000001', 1_700_000_000_000_000_001n],
    ['15m', 999_100_000_000_000n],
    ['1.5s', 999_998_500_000_000n],
    ['yesterday', undefined],
    ['2023-13-01', undefined],
    ['0', 0n],
    // What could be a date, seconds or milliseconds is not taken for nanoseconds.
    ['20261121', undefined],
    ['1700000000', undefined],
    ['1700000000000', 1_700_000_000_000_000_000n],
    ['170000000000000', undefined],
    ['202611210800', undefined],
    ['20261121080000', undefined],
    ['2600-01-01', undefined],
    ['18446744073709551616', undefined],
    // Neither a calendar nor a clock has these.
    ['2026-02-30', undefined],
    ['2026-02-29T00:00:00Z', undefined],
    ['2028-02-29', 1_835_395_200_000_000_000n],
    ['2026-11-21T24:00', undefined],
    ['2026-11-21T08:60:00Z', undefined],
    ['2026-11-21T08:00:00+25:00', undefined],
    ['', undefined],
  ])('reads %j', (text, timestampNs) => expect(parseTime(text, 1_000_000_000_000_000n)).toBe(timestampNs))

  it('reads spans in every unit and nothing else', () => {
    expect(['1ns', '1us', '1ms', '1s', '1m', '1h', '1d', '1w', '-1s'].map(parseSpan)).toEqual([
      1n,
      1000n,
      1_000_000n,
      1_000_000_000n,
      60_000_000_000n,
      3_600_000_000_000n,
      86_400_000_000_000n,
      undefined,
      undefined,
    ])
  })
})

describe('text for terminals', () => {
  it('shows control characters as escapes', () => {
    expect(printable('a\u001b[31m\u0007\n\u202eb')).toBe('a\\x1b[31m\\x07\\n\\u202eb')
    expect(printableLines('a\n\tb\r')).toBe('a\n\tb\\r')
  })

  it('wraps at blanks and leaves long words whole', () => {
    expect(wrapText('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrapText('/a/very/long/path is long', 6)).toEqual(['/a/very/long/path', 'is', 'long'])
    expect(wrapText('not a terminal', undefined)).toEqual(['not a terminal'])
  })

  it('drops optional columns, then cuts the widest, to fit a table into the terminal', () => {
    const columns = [
      { title: 'NAME' },
      { title: 'SIZE', align: 'right', optional: 1 },
      { title: 'AGE', align: 'right', optional: 2 },
    ] as const
    const rows = [['a name that is long', '1 KiB', '5 s']]
    expect(renderTable(columns, rows)[1]).toBe('a name that is long  1 KiB  5 s')
    expect(renderTable(columns, rows, 27)[1]).toBe('a name that is long  1 KiB')
    expect(renderTable(columns, rows, 20)[1]).toBe('a name that is long')
    expect(renderTable(columns, rows, 10)[1]).toBe('a name th…')
  })

  it('cuts a long name before it leaves a column out for it, and names before other text', () => {
    const columns = [{ title: 'QUEUE', cut: 'middle' as const }, { title: 'STATE' }, { title: 'RATE', optional: 1 }]
    const row = [`deep/${'x'.repeat(60)}/orders_out`, 'writer BLOCKED and more words than a name has', '12/s']
    const [, line = ''] = renderTable(columns, [row], 90)
    expect(line).toMatch(/^deep\/x+…x+\/orders_out {2}writer BLOCKED and more words than a name has {2}12\/s$/)
    expect(textWidth(line)).toBe(90)
    expect(renderTable(columns, [row], 70)[1]).toMatch(/^deep\/x+…\S+ {2}writer BLOCKED and more words than a name has$/)
  })

  it('does not count colours as width', () => {
    const cell = { text: 'ok', paint: (text: string) => `<${text}>` }
    expect(renderTable([{ title: 'STATE' }, { title: 'N' }], [[cell, '1']])).toEqual(['STATE  N', '<ok>     1'])
  })

  it('shows progress with what is left, within the width', () => {
    const text = progressText('verify q', { bytes: 512, bytesTotal: 1024, elapsedMs: 1000 }, 80)
    expect(text).toMatch(/^verify q {2}\[(#+) +\] {2}50% {2}512 B of 1 KiB {2}512 B\/s {2}1 s left$/)
    expect(progressText('verify a-long-name', { bytes: 1, bytesTotal: 2, elapsedMs: 1 }, 40)).toHaveLength(39)
    // A line that is wider than the screen could not be taken off it.
    const wide = progressText('verify 日本語の取引キュー-とても長い名前/queue/a', { bytes: 1, bytesTotal: 2, elapsedMs: 1 }, 60)
    expect(textWidth(wide)).toBeLessThan(60)
    expect(wide).toContain('50%')
    expect(progressText('stats q', { bytes: 0, bytesTotal: 0, elapsedMs: 3200 }, 80)).toBe('stats q  3.2 s')
  })

  it('is coloured on terminals only, and not against NO_COLOR', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true)
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false)
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false)
    expect(wantsColour({}, {})).toBe(false)
  })
})

describe('JSON', () => {
  it('keeps 64-bit values as strings and bytes as hexadecimal', () => {
    expect(toJsonLine({ atNs: 1_700_000_000_000_000_001n, id: new Uint8Array([1, 255]), gone: undefined })).toBe(
      '{"atNs":"1700000000000000001","id":"01ff"}',
    )
  })
})
