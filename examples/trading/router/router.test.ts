import { closeSync, openSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BusLayout, openRouterEndpoints, openStrategyEndpoints, type StrategyEndpoints } from '@chronicle-ts/bus'
import { isQueueError, openObserver, type QueueWriter, type WriterOptions } from '@chronicle-ts/core'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { encodeOrder, exampleOrder, offsetOf } from '../../test/example-order.js'
import { temporaryFolder } from '../../test/queue-fixtures.js'
import { decodeAnswer } from '../checked-order.js'
import { Router } from './router.js'

let root: string
let layout: BusLayout
let router: Router
const problems: string[] = []
const opened: StrategyEndpoints[] = []

beforeEach(() => {
  root = temporaryFolder()
  layout = new BusLayout(join(root, 'bus'))
  router = newRouter()
})
afterEach(() => {
  router.close()
  for (const endpoints of opened.splice(0)) endpoints.close()
  problems.length = 0
})

function newRouter(answers?: WriterOptions): Router {
  const onProblem = (strategy: string, error: unknown): void => {
    problems.push(isQueueError(error) ? `${strategy} ${error.code}` : `${strategy} ${(error as Error).name}`)
  }
  return new Router(layout.root, onProblem, answers)
}

/** Closes the router, and starts the next one. */
function restart(answers?: WriterOptions): void {
  router.close()
  router = newRouter(answers)
}

function strategy(name: string, segmentSize = 64 * 1024): StrategyEndpoints {
  const endpoints = openStrategyEndpoints(layout, name, { writer: { segmentSize }, renewalIntervalMs: 0 })
  opened.push(endpoints)
  endpoints.markReady()
  return endpoints
}

function order(orderId: number): Buffer {
  return encodeOrder(exampleOrder({ orderId, marketSequence: orderId })).payload
}

function send({ ordersOut }: { readonly ordersOut: QueueWriter }, from: number, to: number): void {
  for (let orderId = from; orderId <= to; orderId++) ordersOut.append(1, order(orderId))
}

function answeredIds(directory: string): number[] {
  using answers = openObserver(directory, { start: 'earliest', onCorrupt: 'skip' })
  const ids: number[] = []
  for (let message = answers.next(); message !== undefined; message = answers.next()) {
    if (message.typeId !== NOT_AN_ANSWER) ids.push(decodeAnswer(message.typeId, message.payload).orderId)
  }
  return ids
}

/** Lets the router read until something is so: strategies are found, and tried again, as time passes. */
async function readUntil(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000
  for (;;) {
    while (router.read(256) > 0);
    if (isSo()) return
    if (performance.now() > deadline) throw new Error(`It never was so: ${problems} ${JSON.stringify(router.state)}`)
    await router.wait(5)
  }
}

const readUntilAnswered = (name: string, count: number): Promise<void> => readUntil(() => answersOf(name).length >= count)

const NOT_AN_ANSWER = 77
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
/** None while the router has not opened their queue. */
function answersOf(name: string): number[] {
  try {
    return answeredIds(layout.strategy(name).ordersIn)
  } catch (error) {
    if (isQueueError(error, 'ERR_NOT_READY')) return []
    throw error
  }
}
/** Descriptors for what lies below the root; the engine and the test runner open others at any time. */
const countDescriptors = (): number => readdirSync('/proc/self/fd').filter((fd) => targetOf(fd).startsWith(layout.root)).length

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

it('answers no order of a strategy that was replaced to the strategy that took its place', async () => {
  const former = strategy('alpha')
  send(former, 1, 3)
  // It has the orders of the strategy that goes, and has not looked for the answers.
  restart()
  expect(router.state.strategies).toBe(1)
  former.close()
  renameSync(layout.strategy('alpha').directory, join(root, 'moved-away'))
  send(strategy('alpha'), 11, 15)
  await readUntilAnswered('alpha', 5)
  expect(answersOf('alpha')).toEqual([11, 12, 13, 14, 15])
  expect(problems).toEqual(['alpha ERR_QUEUE_REPLACED'])
})

it('goes on with the others when the answers to one strategy have no place to go', async () => {
  const COUNT = 2_000
  const [alpha, beta] = [strategy('alpha', 1024 * 1024), strategy('beta')]
  restart({ segmentSize: 64 * 1024, maxSegments: 3, retention: { consumed: true }, backpressure: 'fail' })
  await readUntil(() => router.state.strategies === 2 && alpha.openOrdersIn() !== undefined)
  // A strategy that does not read its answers.
  const answers = alpha.openOrdersIn()
  send(alpha, 1, COUNT)
  send(beta, 1, 200)
  await readUntil(() => problems.length > 0 && answersOf('beta').length === 200)
  expect(new Set(problems)).toEqual(new Set(['alpha ERR_QUEUE_FULL']))
  expect(router.state.gaps).toBe(0)
  expect(answersOf('beta')).toEqual(upTo(200))

  // It reads them, and is served again, from the first order without an answer.
  const ids: number[] = []
  await readUntil(() => {
    answers?.poll(COUNT, ({ typeId, payload }) => ids.push(decodeAnswer(typeId, payload).orderId))
    answers?.commit()
    return ids.length >= COUNT
  })
  expect(ids).toEqual(upTo(COUNT))
  for (const endpoints of [alpha, beta]) endpoints.close()
  await readUntil(() => router.state.strategies === 0)
  expect(router.state).toMatchObject({ strategies: 0, orders: COUNT + 200, gaps: 0 })
  expect(new Set(problems)).toEqual(new Set(['alpha ERR_QUEUE_FULL']))
})

/** Invalid orders, or such as would break something. */
const BAD_ORDERS: readonly [string, (payload: Buffer) => void][] = [
  ['text that is not ASCII', (payload) => payload.writeUInt8(0xe9, offsetOf('symbol'))],
  ['half of a UTF-8 character', (payload) => payload.write('\u20ac', offsetOf('symbol') - 1, 'utf8')],
  ['an id that a number cannot hold', (payload) => payload.writeBigUInt64LE(2n ** 64n - 1n, offsetOf('orderId'))],
  ['an id of 0', (payload) => payload.writeBigUInt64LE(0n, offsetOf('orderId'))],
]

it.each(BAD_ORDERS)('L66: leaves an order with %s unanswered, says so once, and serves everything else', async (_, spoil) => {
  const [good, bad] = [strategy('good'), strategy('bad')]
  send(good, 1, 3)
  send(bad, 1, 1)
  for (let count = 0; count < 3; count++) {
    const payload = order(2)
    spoil(payload)
    bad.ordersOut.append(1, payload)
  }
  send(bad, 2, 3)
  for (let life = 1; life <= 2; life++) {
    restart()
    await readUntil(() => answersOf('good').length === 3 && answersOf('bad').length === 3)
    expect([answersOf('good'), answersOf('bad')]).toEqual([upTo(3), upTo(3)])
    expect(router.state.malformed).toBe(life === 1 ? 3 : 0)
  }
  expect(problems).toEqual(['bad OrderFormatError'])
})

it('L66: counts messages that are not orders at all, and says once that one is too short', async () => {
  const bad = strategy('bad')
  bad.ordersOut.append(NOT_AN_ANSWER, Buffer.from('something else'))
  for (let count = 0; count < 2; count++) bad.ordersOut.append(1, Buffer.from('short'))
  send(bad, 1, 2)
  restart()
  await readUntilAnswered('bad', 2)
  expect([router.state.malformed, problems]).toEqual([3, ['bad BadMessageError']])
})

it('L66: serves all when one strategy stamps its messages and orders with the far future', async () => {
  const [good, bad] = [strategy('good'), strategy('bad')]
  const payload = order(1)
  payload.writeBigUInt64LE(2n ** 64n - 1n, offsetOf('sentNs'))
  bad.ordersOut.append(1, payload, { timestampNs: 2n ** 64n - 1n })
  send(bad, 2, 5)
  send(good, 1, 5)
  restart()
  await readUntil(() => answersOf('good').length === 5 && answersOf('bad').length === 5)
  expect([answersOf('good'), answersOf('bad')]).toEqual([upTo(5), upTo(5)])
})

it('L66: goes on after the last answer, also where that one is damaged', async () => {
  const alpha = strategy('alpha')
  send(alpha, 1, 4)
  restart()
  await readUntilAnswered('alpha', 4)
  router.close()
  // The router was killed before it saved its position, and its last answers are not to be read.
  rmSync(join(layout.strategy('alpha').ordersOut, 'readers'), { recursive: true })
  const { ordersIn } = layout.strategy('alpha')
  const segment = join(ordersIn, '000000000.q')
  send(alpha, 5, 6)
  writeDamage(segment, 3)
  router = newRouter()
  await readUntilAnswered('alpha', 5)
  expect(answersOf('alpha')).toEqual([1, 2, 3, 5, 6])
  expect(router.state).toMatchObject({ orders: 2, repeats: 4 })
  expect(problems).toEqual([])
})

/** Spoils the payload of the record with this sequence: answers are all of one length. */
function writeDamage(segment: string, sequence: number): void {
  using answers = openObserver(join(segment, '..'), { start: { sequence } })
  const { offset } = answers.position
  const fd = openSync(segment, 'r+')
  writeSync(fd, Buffer.alloc(8, 0xff), 0, 8, offset + 80)
  closeSync(fd)
}

it('L66: tries again silently what is taken, leaves nothing open each time, and serves it once it is free', async () => {
  const alpha = strategy('alpha')
  send(alpha, 1, 3)
  const other = openRouterEndpoints(layout, 'alpha')
  restart()
  await readUntil(() => problems.length > 0)
  const before = countDescriptors()
  await readUntilLater(1000)
  await vi.waitFor(() => expect(countDescriptors()).toBeLessThanOrEqual(before), { timeout: 60_000 })
  expect(problems).toEqual(['alpha ERR_READER_ACTIVE'])
  other.close()
  await readUntilAnswered('alpha', 3)
  expect(problems).toHaveLength(1)
})

it('L66: leaves nothing open when the answers of a strategy are not a queue, says so once, and serves it when they are', async () => {
  const alpha = strategy('alpha')
  const { ordersIn } = alpha.paths
  rmSync(ordersIn, { recursive: true })
  writeFileSync(ordersIn, 'not a queue')
  restart()
  await readUntil(() => problems.length > 0)
  const before = countDescriptors()
  send(alpha, 1, 3)
  await readUntilLater(200)
  // The strategy's writer is in this process, and prepares a segment now and then: that is over soon. What a router left open would stay.
  await vi.waitFor(() => expect(countDescriptors()).toBeLessThanOrEqual(before), { timeout: 60_000 })
  expect(problems).toEqual(['alpha ERR_NOT_A_QUEUE'])
  rmSync(ordersIn)
  // A restart of the strategy is what ends the wait.
  alpha.close()
  send(strategy('alpha'), 4, 4)
  await readUntilAnswered('alpha', 4)
  expect(problems).toHaveLength(1)
})

/** A while in which the router tries again. */
async function readUntilLater(durationMs: number): Promise<void> {
  const end = performance.now() + durationMs
  await readUntil(() => performance.now() > end)
}

it('L65: the next router answers what a strategy left in good order while none served it, and lets go of it', async () => {
  const alpha = strategy('alpha')
  send(alpha, 1, 2)
  restart()
  await readUntilAnswered('alpha', 2)
  router.close()
  send(alpha, 3, 5)
  alpha.close()
  router = newRouter()
  await readUntil(() => answersOf('alpha').length === 5 && router.state.strategies === 0)
  expect([answersOf('alpha'), router.state.strategies, problems]).toEqual([upTo(5), 0, []])
})

it('L65: answers what a strategy left that could not be attached while it was there', async () => {
  const alpha = strategy('alpha')
  send(alpha, 1, 3)
  const other = openRouterEndpoints(layout, 'alpha')
  restart()
  await readUntil(() => problems.length > 0)
  alpha.close()
  await readUntilLater(50)
  other.close()
  await readUntilAnswered('alpha', 3)
  await readUntil(() => router.state.strategies === 0)
})

it('finishes the orders of a directory that was replaced, and serves the new one from its first order', async () => {
  const old = strategy('alpha')
  restart()
  await readUntil(() => router.state.strategies === 1)
  send(old, 1, 300)
  const away = join(root, 'away')
  renameSync(layout.strategy('alpha').directory, away)
  const successor = strategy('alpha')
  send(successor, 1, 500)
  await readUntilAnswered('alpha', 500)
  expect(answeredIds(join(away, 'orders_in'))).toEqual(upTo(300))
  expect(answersOf('alpha')).toEqual(upTo(500))
  expect(problems).toEqual([])
})
