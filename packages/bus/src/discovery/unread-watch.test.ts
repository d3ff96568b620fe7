import { readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { CONTROL_FILE, segmentFileName } from '@chronicle-ts/core/internal'
import { beforeEach, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-bus.js'
import { openRouterEndpoints } from '../endpoints/router-endpoints.js'
import { openStrategyEndpoints } from '../endpoints/strategy-endpoints.js'
import { BusLayout } from '../layout/bus-layout.js'
import type { DiscoveryEvent } from './discovery-event.js'
import { RouterDiscovery, type RouterDiscoveryOptions } from './router-discovery.js'

const WRITER = { segmentSize: 4096 }
/** More than one segment. */
const MANY = 100
let layout: BusLayout

beforeEach(() => {
  layout = new BusLayout(join(temporaryFolder(), 'bus'))
})

const left = (strategy: string, messages: number | undefined): DiscoveryEvent => ({
  kind: 'left',
  strategy,
  unread: { messages },
})

function send(count: number): void {
  using writer = openWriter(layout.createStrategy('alpha').ordersOut, WRITER)
  for (let order = 0; order < count; order++) writer.append(1, Buffer.from(`order ${order}`))
}

function answer(limit: number): number {
  using router = openRouterEndpoints(layout, 'alpha', { writer: WRITER })
  const count = router.ordersOut.poll(limit, () => {})
  router.ordersOut.commit()
  return count
}

function discover(options: RouterDiscoveryOptions = {}): RouterDiscovery {
  return new RouterDiscovery(layout, { watch: false, rescanIntervalMs: 2 ** 31 - 1, ...options })
}

it('L65: the next router gets orders whose strategy left in good order while no router served it', () => {
  const alpha = openStrategyEndpoints(layout, 'alpha', { writer: WRITER })
  alpha.markReady()
  for (let order = 0; order < MANY; order++) alpha.ordersOut.append(1, Buffer.from('order'))
  expect(answer(10)).toBe(10)
  alpha.close()
  using discovery = discover()
  expect(discovery.poll()).toEqual([left('alpha', MANY - 10)])
  expect(discovery.strategies()).toEqual([])
  expect(answer(MANY)).toBe(MANY - 10)
})

it('L65: reports it once, again when more was appended, and nothing once it is read', () => {
  send(3)
  using discovery = discover()
  expect(discovery.poll()).toEqual([left('alpha', 3)])
  discovery.rescan()
  expect(discovery.poll()).toEqual([])
  send(2)
  discovery.rescan()
  expect(discovery.poll()).toEqual([left('alpha', 5)])
  answer(5)
  discovery.rescan()
  expect(discovery.poll()).toEqual([])
  using later = discover()
  expect(later.poll()).toEqual([])
})

it('L65: leaves a queue to the router that has it open, and reports what that one did not read', () => {
  send(3)
  const router = openRouterEndpoints(layout, 'alpha', { writer: WRITER })
  using discovery = discover()
  expect(discovery.poll()).toEqual([])
  router.close()
  discovery.rescan()
  expect(discovery.poll()).toEqual([left('alpha', 3)])
})

it('L65: finds a directory that is moved into place later', () => {
  send(3)
  const { directory } = layout.strategy('alpha')
  renameSync(directory, join(layout.root, 'away'))
  using discovery = discover()
  expect(discovery.poll()).toEqual([])
  renameSync(join(layout.root, 'away'), directory)
  discovery.rescan()
  expect(discovery.poll()).toEqual([left('alpha', 3)])
})

it('L65: reports orders in a directory that took the place of one with as many', () => {
  send(3)
  using discovery = discover()
  expect(discovery.poll()).toEqual([left('alpha', 3)])
  answer(3)
  renameSync(layout.strategy('alpha').ordersOut, join(layout.root, 'away'))
  send(3)
  discovery.rescan()
  expect(discovery.poll()).toEqual([left('alpha', 3)])
})

it('L65: reports orders in a queue that was made in the emptied directory of one with as many', () => {
  send(3)
  using discovery = discover()
  expect(discovery.poll()).toEqual([left('alpha', 3)])
  const { ordersOut } = layout.strategy('alpha')
  for (const name of readdirSync(ordersOut)) rmSync(join(ordersOut, name), { recursive: true })
  send(3)
  discovery.rescan()
  expect(discovery.poll()).toEqual([left('alpha', 3)])
})

it.each([
  ['zeroed', (path: string) => writeFileSync(path, Buffer.alloc(512))],
  ['missing', (path: string) => rmSync(path)],
  ['of another kind', (path: string) => writeFileSync(path, Buffer.alloc(512, 7))],
])('L65: reports orders in a queue whose control block is %s, once', (_, damage) => {
  send(3)
  damage(join(layout.strategy('alpha').ordersOut, CONTROL_FILE))
  layout.createStrategy('beta')
  using discovery = discover()
  expect(discovery.poll()).toEqual([left('alpha', undefined)])
  discovery.rescan()
  expect(discovery.poll()).toEqual([])
})

it('counts for the reader that the option names, and not at all when that is switched off', () => {
  send(3)
  openReader(layout.strategy('alpha').ordersOut, 'audit', { start: 'latest' }).close()
  using other = discover({ readerName: 'audit' })
  using silent = discover({ unread: false })
  expect([other.poll(), silent.poll()]).toEqual([[], []])
  expect(() => discover({ readerName: '../x' })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
})

it('L65: finds orders that follow many segments which recovery left empty', () => {
  const { ordersOut } = layout.createStrategy('alpha')
  for (let crash = 0; crash < 8; crash++) {
    send(1)
    const head = readdirSync(ordersOut)
      .filter((name) => name.endsWith('.q'))
      .sort()
      .at(-1) as string
    rmSync(join(ordersOut, head))
  }
  send(1)
  using discovery = discover()
  expect(discovery.poll()).toEqual([left('alpha', 1)])
})

it('is not fooled by an empty queue, a reader at the end of a full segment, or a strategy without a queue', () => {
  layout.createStrategy('beta')
  openWriter(layout.createStrategy('gamma').ordersOut, WRITER).close()
  send(MANY)
  answer(MANY)
  using discovery = discover()
  expect(discovery.poll()).toEqual([])
})

it('L66: reports damaged and foreign files at one strategy, and the other strategies', () => {
  send(3)
  writeFileSync(join(layout.strategy('alpha').ordersOut, segmentFileName(0)), Buffer.alloc(4096, 7))
  const { ordersOut } = layout.createStrategy('beta')
  symlinkSync('/nowhere', join(ordersOut, 'READY'))
  using gamma = openStrategyEndpoints(layout, 'gamma', { writer: WRITER })
  gamma.markReady()
  const problems: (string | undefined)[] = []
  using discovery = discover({
    onProblem: ({ strategy, error }) => problems.push(`${strategy} ${(error as { code?: string }).code}`),
  })
  expect(discovery.poll()).toMatchObject([left('alpha', undefined), { kind: 'added', strategy: 'gamma' }])
  discovery.rescan()
  expect([discovery.poll(), problems]).toEqual([[], ['beta ERR_LINK']])
})
