import { describe, expect, it } from 'vitest'
import { ExpectedError } from '../process/expected-error.js'
import { parseDemoOptions } from './demo-options.js'

const here = import.meta.filename

describe('parseDemoOptions', () => {
  it('plays the recorded captures when nothing else is asked for', () => {
    const options = parseDemoOptions([])
    expect(options).toMatchObject({ strategies: 2, root: undefined, keep: false, json: false })
    expect(options).toHaveProperty('feeds.0.venue', 'coinbase')
    expect(options).toHaveProperty('feeds.1.venue', 'binance-futures')
    expect(options).toHaveProperty('feeds.1.args.1', '1.5')
  })

  it('takes several files after one --input, grouped by venue', () => {
    const options = parseDemoOptions(['--input', here, here, '--speed', '4'])
    expect(options).toMatchObject({ feeds: [{ venue: 'demo-options.test.ts', args: ['--speed', '4', '--', here, here] }] })
  })

  it('takes every option', () => {
    const args = ['--live', 'binance', '--seconds', '5', '--root', '/r', '--keep', '--strategies', '3', '--speed=max', '--json']
    expect(parseDemoOptions(args)).toEqual({
      feeds: [{ venue: 'binance', args: ['--live', 'binance', '--seconds', '5'] }],
      strategies: 3,
      root: '/r',
      keep: true,
      json: true,
    })
    expect(parseDemoOptions(['-h'])).toBe('help')
  })

  it.each([
    [['--speed', '0'], /--speed is a number above 0/],
    [['--speed', 'fast'], /--speed is a number above 0/],
    [['--speed='], /--speed is a number above 0/],
    [['--strategies', '0'], /--strategies is a whole number from 1 to 16/],
    [['--strategies', '1.5'], /--strategies is a whole number/],
    [['--live', 'nyse'], /--live is one of coinbase, binance: nyse/],
    [['--live', 'coinbase', '--input', here], /exclude each other/],
    [['--seconds', '5'], /--seconds is for --live/],
    [['--input', '/does/not/exist'], /No such file: \/does\/not\/exist/],
  ])('refuses %j', (args, message) => {
    expect(() => parseDemoOptions(args)).toThrow(ExpectedError)
    expect(() => parseDemoOptions(args)).toThrow(message)
  })

  it('refuses an option that it does not know', () => {
    expect(() => parseDemoOptions(['--unknown'])).toThrow(/Unknown option '--unknown'/)
  })
})
