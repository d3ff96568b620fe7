import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { f64, message } from '@chronicle-ts/schema'
import { expect, it, onTestFinished } from 'vitest'
import { ManualClock, memoryBus, memoryQueue, scenario } from '../src/index.js'
import { makeFolder, removeFolder } from '../src/memory-folder.js'

/** The program that the design of this package was written from, as a user writes it. */

const Quote = message('Quote', 1, { bid: f64() })

it('tests a program with a typed queue, a crash, a power cut, a clock and a golden file', async () => {
  using q = memoryQueue({ types: [Quote] })
  q.writer.write(Quote, (m) => {
    m.bid = 1
  })
  expect(q.drain()).toMatchObject([{ type: 'Quote', body: { bid: 1 } }])
  q.crash()
  q.writer.append(Quote, { bid: 2 })
  expect(q.drain()).toMatchObject([{ type: 'Quote', body: { bid: 2 } }])
  q.cutPower()
  expect(q.writer.queue.nextSequence).toBe(0)

  using bus = memoryBus()
  bus.strategy('momentum').ordersOut.append(1, Buffer.from('buy'))
  expect(bus.router('momentum').ordersOut.next()?.payload.toString()).toBe('buy')

  const clock = new ManualClock(0n)
  let fired = 0n
  clock.setTimer(500, (nowNs) => {
    fired = nowNs
  })
  clock.advance({ ms: 500 })
  expect(fired).toBe(500_000_000n)

  const folder = makeFolder()
  onTestFinished(() => removeFolder(folder))
  const [input, output] = [join(folder, 'in.ndjson'), join(folder, 'out.ndjson')]
  writeFileSync(input, '{"typeId":1,"timestampNs":"7","text":"bid"}\n')
  const strategy = (m: { payload: Buffer }, { emit }: { emit(typeId: number, payload: Buffer): void }) => emit(2, m.payload)
  await scenario(input, strategy, output, { update: true })
  await scenario(input, strategy, output)
})
