import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Cancel, SMALL } from '../test/support/messages.js'
import { LOOKS_PER_POLL, NAMES_RESCAN_MS } from './defaults.js'
import { defineTopics, feed, openBus, ordersOut, queue } from './index.js'

const topics = defineTopics({
  feed: feed('a', [Cancel]),
  feeds: feed('*', [Cancel]),
  orders: ordersOut('*', [Cancel]),
  audit: queue('audit', [Cancel]),
})

/** More than are read between two looks for queues that went. */
const COUNT = 3 * LOOKS_PER_POLL
const NEW_COUNT = 5

it.each([
  ['one feed', 'feed', undefined],
  ['every feed', 'feeds', 'a'],
  ['every strategy', 'orders', 'a'],
  ['a queue', 'audit', undefined],
] as const)('reads %s that is replaced to its end, then the new one, and reports no problem', async (_, topic, key) => {
  const root = mkdtempSync(join(tmpdir(), 'topics-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  using bus = openBus(root, topics)
  const publish = (count: number): string => {
    using out = bus.publisher(topic, { ...(key !== undefined && { key }), ...SMALL })
    for (let id = 0; id < count; id++) out.append(Cancel, { id })
    return out.queue.directory
  }
  const directory = publish(COUNT)
  const problems: unknown[] = []
  const detached: string[] = []
  using messages = bus.subscribe(topic, {
    name: 'r',
    onProblem: ({ error }) => problems.push(error),
    onDetached: (one) => detached.push(one),
  })
  const read: number[] = []
  const next = (): boolean => {
    const message = messages.next()
    if (message !== undefined) read.push(message.sequence)
    return message !== undefined
  }
  while (read.length < 3) if (!next()) await messages.waitAsync()
  renameSync(directory, join(root, 'away'))
  publish(NEW_COUNT)
  // By then a discovery looks by itself, without a turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, NAMES_RESCAN_MS))
  while (read.length < COUNT + NEW_COUNT) {
    if (next()) continue
    messages.commit()
    await messages.waitAsync({ timeoutMs: 100 })
  }
  expect(read).toEqual([...Array(COUNT).keys(), ...Array(NEW_COUNT).keys()])
  expect([problems, detached.length, messages.failures]).toEqual([[], 1, []])
})

it.each([
  ['one feed', 'feed', undefined],
  ['every feed', 'feeds', 'a'],
  ['every strategy', 'orders', 'a'],
] as const)('reports once how many messages of %s were deleted unread', async (_, topic, key) => {
  const root = mkdtempSync(join(tmpdir(), 'topics-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  using bus = openBus(root, topics)
  const out = bus.publisher(topic, { ...(key !== undefined && { key }), writer: { segmentSize: 4096 } })
  for (let id = 0; id < 200; id++) out.append(Cancel, { id })
  const problems: unknown[] = []
  using messages = bus.subscribe(topic, { name: 'r', onProblem: ({ error }) => problems.push(error) })
  let count = 0
  const readOn = (): void => {
    for (let message = messages.next(); message !== undefined; message = messages.next()) count++
  }
  expect(messages.keys).toHaveLength(1)
  out.close()
  rmSync(out.queue.directory, { recursive: true })
  while (messages.keys.length > 0) {
    readOn()
    await messages.waitAsync({ timeoutMs: 10 })
  }
  expect(problems).toEqual([expect.objectContaining({ code: 'ERR_QUEUE_REPLACED', unread: 200 - count })])
})
