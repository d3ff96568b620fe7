import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { expect, it } from 'vitest'
import { RouterDiscovery } from '../../src/discovery/router-discovery.js'
import { openRouterEndpoints } from '../../src/endpoints/router-endpoints.js'
import { openStrategyEndpoints } from '../../src/endpoints/strategy-endpoints.js'
import { OwnerProbe } from '../../src/markers/owner-probe.js'
import { TemporaryBus } from '../support/temporary-bus.js'

const GOLDEN = fileURLToPath(new URL('../../../core/test/golden/rust-v3/', import.meta.url))

interface ExpectedRecord {
  readonly sequence: number
  readonly typeId: number
  readonly crc32: number
}

function expectedRecords(): ExpectedRecord[] {
  const queues = JSON.parse(readFileSync(`${GOLDEN}expected.json`, 'utf8'))
  return queues['bus/orders/queue/alpha/orders_out'].records.map(({ sequence, typeId, crc32 }: ExpectedRecord) => ({
    sequence,
    typeId,
    crc32,
  }))
}

it('L30: a bus that the Rust implementation left is discovered, read, taken over and continued', () => {
  const bus = new TemporaryBus()
  bus.copyFrom(`${GOLDEN}bus`)
  using discovery = new RouterDiscovery(bus.layout, { watch: false })
  expect(discovery.poll()).toEqual([{ kind: 'added', strategy: 'alpha', incarnation: { epoch: 1, lease: undefined } }])
  expect(new OwnerProbe(bus.layout.strategy('alpha').ordersOut).look()).toMatchObject({ state: 'dead', lease: { kind: 'empty' } })

  using endpoints = openRouterEndpoints(bus.layout, 'alpha', { writer: { segmentSize: 4096 } })
  const read: ExpectedRecord[] = []
  endpoints.ordersOut.poll(100, ({ sequence, typeId, payload }) => read.push({ sequence, typeId, crc32: crc32(payload) }))
  expect(read).toEqual(expectedRecords())

  using strategy = openStrategyEndpoints(bus.layout, 'alpha')
  strategy.markReady()
  strategy.ordersOut.append(9, Buffer.from('ours'))
  discovery.rescan()
  expect(discovery.poll()).toMatchObject([{ kind: 'restarted', incarnation: { epoch: 2, lease: { pid: process.pid } } }])
  expect(endpoints.ordersOut.next()).toMatchObject({ sequence: read.length, typeId: 9 })
})
