import { describe, expect, it } from 'vitest'
import { CsvRecords } from './csv-records.js'

function recordsOf(text: string): string[][] {
  const records = new CsvRecords()
  return text.split('\n').flatMap((line) => {
    const fields = records.push(line)
    return fields === undefined ? [] : [fields]
  })
}

describe('CSV records', () => {
  it.each([
    ['a,b', [['a', 'b']]],
    ['a,b\r', [['a', 'b']]],
    ['', [['']]],
    [',', [['', '']]],
    ['"",x', [['', 'x']]],
    ['"a ""b"" c"', [['a "b" c']]],
    ['""""\r', [['"']]],
    ['"a,b",c', [['a,b', 'c']]],
    [
      '"two\nlines",x\ny,z',
      [
        ['two\nlines', 'x'],
        ['y', 'z'],
      ],
    ],
    ['"ends with\r\n",x', [['ends with\r\n', 'x']]],
    ['"a\n""\n"""\nb', [['a\n"\n"'], ['b']]],
  ])('are taken apart: %j', (text, records) => expect(recordsOf(text)).toEqual(records))

  it.each(['"a"b', '"a" ,b', 'a"b', ' "a"'])('are refused where quotes stand wrong: %j', (text) =>
    expect(() => recordsOf(text)).toThrow(/quote/),
  )

  it('L63: look at each character of a field once, however many lines it has', () => {
    const records = new CsvRecords()
    records.push('"first')
    let longest = 0
    for (let line = 0; line < 100_000; line += 1) {
      const before = records.openLength
      expect(records.push('ten signs.')).toBeUndefined()
      longest = Math.max(longest, records.openLength - before)
    }
    expect(records.push('last"')?.[0]).toHaveLength('first'.length + 100_000 * 11 + '\nlast'.length)
    expect(longest).toBe(11)
  })
})
