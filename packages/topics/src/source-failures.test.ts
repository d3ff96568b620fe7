import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Cancel, SMALL, topics } from '../test/support/messages.js'
import { openBus } from './index.js'

it('a queue is reported when it fails for the same reason as a former one of its name, and when it goes while it is set aside', async () => {
  const root = mkdtempSync(join(tmpdir(), 'topics-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  using bus = openBus(root, topics)
  const reported: unknown[] = []
  using orders = bus.subscribe('orders', {
    name: 'router',
    onProblem: ({ error }) => reported.push((error as { code?: string }).code),
  })
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      orders.next()
      await orders.waitAsync({ timeoutMs: 10 })
    }
  }
  for (const round of [1, 2]) {
    const { queue } = bus.publisher('orders', { key: 'alpha', ...SMALL })
    await until(() => orders.keys.length === 1)
    orders.setAside('alpha', Object.assign(new Error('the answers are full'), { code: 'EBUSY' }))
    queue.close()
    rmSync(dirname(queue.directory), { recursive: true })
    await until(() => orders.failures.length === 0)
    expect(reported).toEqual(Array(round).fill(['EBUSY', 'ERR_NOT_FOUND']).flat())
  }
})

it('a queue that is tried again keeps the position that was committed, also with `reset`', async () => {
  const root = mkdtempSync(join(tmpdir(), 'topics-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  using bus = openBus(root, topics)
  using alpha = bus.publisher('orders', { key: 'alpha', ...SMALL })
  using orders = bus.subscribe('orders', { name: 'router', types: [Cancel], reader: { reset: true } })
  const nextId = async (): Promise<number> => {
    for (let order = orders.next(); ; order = orders.next()) {
      if (order !== undefined) return order.body.id
      await orders.waitAsync()
    }
  }
  alpha.append(Cancel, { id: 1 })
  expect(await nextId()).toBe(1)
  orders.commit()
  orders.setAside('alpha', Object.assign(new Error('the answers are full'), { code: 'EBUSY' }))
  alpha.append(Cancel, { id: 2 })
  expect(await nextId()).toBe(2)
})
