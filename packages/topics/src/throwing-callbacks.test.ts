import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openReader } from '@chronicle-ts/core'
import { expect, it, onTestFinished } from 'vitest'
import { Cancel, SMALL } from '../test/support/messages.js'
import { defineTopics, feed, openBus, ordersOut, type TopicBus } from './index.js'

const topics = defineTopics({ orders: ordersOut('*', [Cancel]), feeds: feed('*', [Cancel]) })
type Kind = keyof typeof topics

function newBus(): TopicBus<typeof topics> {
  const root = mkdtempSync(join(tmpdir(), 'topics-'))
  const bus = openBus(root, topics)
  onTestFinished(() => {
    bus.close()
    rmSync(root, { recursive: true, force: true })
  })
  return bus
}

/** `a` cannot be opened for reading; `b` has one message. Both are found by one look. */
function publishBadAndGood(bus: TopicBus<typeof topics>, topic: Kind): void {
  const bad = bus.publisher(topic, { key: 'a', ...SMALL })
  rmSync(join(bad.queue.directory, 'readers'), { recursive: true, force: true })
  writeFileSync(join(bad.queue.directory, 'readers'), 'not a folder')
  bus.publisher(topic, { key: 'b', ...SMALL }).append(Cancel, { id: 7 })
}

const fail = (): never => {
  throw new Error('of the program')
}

/** Reads until a message comes. What a callback throws is collected. */
async function readOne(
  messages: { next(): { readonly key: string } | undefined; waitAsync(options: { timeoutMs: number }): Promise<unknown> },
  thrown: unknown[],
): Promise<string> {
  for (;;) {
    try {
      const message = messages.next()
      if (message !== undefined) return message.key
      await messages.waitAsync({ timeoutMs: 20 })
    } catch (error) {
      thrown.push((error as Error).message)
    }
  }
}

it.each(['orders', 'feeds'] as const)(
  'an onProblem that throws keeps no other queue of %s from being attached',
  async (topic) => {
    const bus = newBus()
    using messages = bus.subscribe(topic, { name: 'r', onProblem: fail })
    publishBadAndGood(bus, topic)
    const thrown: unknown[] = []
    expect(await readOne(messages, thrown)).toBe('b')
    expect(thrown).toEqual(['of the program'])
    expect(messages.failures.map(({ key }) => key)).toEqual(['a'])
  },
)

it('an onProblem that throws while the subscription begins leaves no reader open', () => {
  const bus = newBus()
  publishBadAndGood(bus, 'orders')
  expect(() => bus.subscribe('orders', { name: 'r', onProblem: fail })).toThrowError('of the program')
  openReader(bus.layout.strategy('b').ordersOut, 'r').close()
})

it('an onProblem that closes the subscription leaves no reader open, and is not called again', async () => {
  const bus = newBus()
  const problems: string[] = []
  const messages = bus.subscribe('orders', {
    name: 'r',
    onProblem: ({ key }) => {
      problems.push(key)
      messages.close()
    },
  })
  publishBadAndGood(bus, 'orders')
  while (!messages.closed) {
    messages.next()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(problems).toEqual(['a'])
  openReader(bus.layout.strategy('b').ordersOut, 'r').close()
})

it('an onDetached that throws keeps no queue from being tried again', async () => {
  const bus = newBus()
  const alpha = bus.publisher('orders', { key: 'alpha', ...SMALL })
  using messages = bus.subscribe('orders', { name: 'r', onDetached: fail })
  alpha.append(Cancel, { id: 1 })
  const thrown: unknown[] = []
  await readOne(messages, thrown)
  const full = Object.assign(new Error('the answers are full'), { code: 'EBUSY' })
  expect(() => messages.setAside('alpha', full)).toThrowError('of the program')
  expect(messages.failures).toEqual([{ key: 'alpha', error: full }])
  expect([await readOne(messages, thrown), thrown]).toEqual(['alpha', []])
})
