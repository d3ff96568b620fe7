import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-bus.js'
import { BusLayout } from './bus-layout.js'

const BAD_NAMES = ['', '.', '..', '../x', 'a/b', '.hidden', 'a b', 'ä', 'a\0', 'x'.repeat(129), 7, undefined, null]

describe('BusLayout', () => {
  it('puts every queue and marker where the format says', () => {
    const layout = new BusLayout('/srv/bus')
    expect(layout.strategy('alpha')).toEqual({
      name: 'alpha',
      directory: '/srv/bus/orders/queue/alpha',
      ordersOut: '/srv/bus/orders/queue/alpha/orders_out',
      ordersIn: '/srv/bus/orders/queue/alpha/orders_in',
      ready: '/srv/bus/orders/queue/alpha/orders_out/READY',
      lease: '/srv/bus/orders/queue/alpha/orders_out/LEASE',
    })
    expect(layout.feed('binance')).toEqual({ name: 'binance', directory: '/srv/bus/market_data/queue/binance' })
  })

  it('makes a relative root absolute', () => {
    expect(new BusLayout('bus').root).toBe(join(process.cwd(), 'bus'))
  })

  it.each(BAD_NAMES)('L36: refuses %j as a name', (name) => {
    const layout = new BusLayout('/srv/bus')
    expect(() => layout.strategy(name as string)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', argument: 'strategy' }),
    )
    expect(() => layout.feed(name as string)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', argument: 'feed' }))
  })

  it.each(['', 'a\0b', undefined, 3])('refuses %j as a root', (root) => {
    expect(() => new BusLayout(root as string)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', argument: 'root' }),
    )
  })

  it('lists nothing and makes nothing while there is no tree', () => {
    const layout = new BusLayout(join(temporaryFolder(), 'bus'))
    expect(layout.strategies()).toEqual([])
    expect(layout.feeds()).toEqual([])
    expect(existsSync(layout.root)).toBe(false)
  })

  it('lists directories with valid names, sorted, and leaves out everything else', () => {
    const layout = new BusLayout(temporaryFolder())
    layout.createStrategy('beta')
    layout.createStrategy('Alpha')
    layout.createStrategy('alpha')
    layout.createFeed('nyse')
    mkdirSync(join(layout.strategiesDirectory, '.trash'))
    mkdirSync(join(layout.strategiesDirectory, 'two words'))
    writeFileSync(join(layout.strategiesDirectory, 'notes.txt'), '')
    symlinkSync(layout.strategy('alpha').directory, join(layout.strategiesDirectory, 'linked'))
    expect(layout.strategies()).toEqual(['Alpha', 'alpha', 'beta', 'linked'])
    expect(layout.feeds()).toEqual(['nyse'])
  })

  it('makes the same directories twice without complaint', () => {
    const layout = new BusLayout(join(temporaryFolder(), 'a', 'b', 'bus'))
    layout.createStrategy('alpha')
    const { ordersIn, ordersOut } = layout.createStrategy('alpha')
    expect(statSync(ordersIn).isDirectory() && statSync(ordersOut).isDirectory()).toBe(true)
    expect(statSync(layout.createFeed('nyse').directory).isDirectory()).toBe(true)
  })

  it('says what is in the way when a part of the path is a file', () => {
    const root = join(temporaryFolder(), 'bus')
    writeFileSync(root, 'not a directory')
    expect(() => new BusLayout(root).createFeed('nyse')).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }),
    )
    expect(new BusLayout(root).feeds()).toEqual([])
  })
})
