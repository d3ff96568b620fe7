import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BusLayout, openFeedWriter } from '@chronicle-ts/bus'
import { openWriter } from '@chronicle-ts/core'
import { beforeEach, expect, it } from 'vitest'
import { encodeAnswer, encodeOrder, exampleOrder } from '../../test/example-order.js'
import { messagesOf, temporaryFolder } from '../../test/queue-fixtures.js'
import { type AppendedFrames, FrameAccount } from '../feed/appended-frames.js'
import { auditFeed, auditStrategy } from './audit.js'

const FRAMES = 200
let root: string
let layout: BusLayout
beforeEach(() => {
  root = temporaryFolder()
  layout = new BusLayout(root)
})

/** A feed of several segments, and what it says about itself. */
function appendFrames(count = FRAMES): AppendedFrames {
  using writer = openFeedWriter(layout, 'x', { segmentSize: 4096 })
  const account = new FrameAccount()
  for (let index = 0; index < count; index++) {
    const frame = Buffer.from(`frame ${index} ${count}`)
    account.add(writer.append(1, frame), frame)
  }
  return account.appended
}

const segments = (): string[] =>
  readdirSync(layout.feed('x').directory)
    .filter((name) => name.endsWith('.q'))
    .sort()
    .map((name) => join(layout.feed('x').directory, name))

function firstSequenceIn(segmentIndex: number): number {
  const places = messagesOf(layout.feed('x').directory, ({ segmentId, sequence }) => ({ segmentId, sequence }))
  return places.find(({ segmentId }) => segmentId === segmentIndex)?.sequence ?? -1
}

it('finds nothing wrong with what the feed appended, in one run or in several', () => {
  expect(auditFeed(layout, 'x', appendFrames())).toMatchObject({ messages: FRAMES, gaps: 0, differs: false, problem: undefined })
  expect(auditFeed(layout, 'x', appendFrames(7))).toMatchObject({ messages: FRAMES + 7, gaps: 0, differs: false })
})

it('sees that the first segment is lost', () => {
  const appended = appendFrames()
  const lost = firstSequenceIn(1)
  rmSync(segments()[0] as string)
  expect(lost).toBeGreaterThan(0)
  expect(auditFeed(layout, 'x', appended)).toMatchObject({ messages: FRAMES - lost, gaps: lost })
})

it('sees that the last segment is lost', () => {
  const appended = appendFrames()
  const last = segments()
    .map((_, index) => firstSequenceIn(index))
    .findLastIndex((sequence) => sequence >= 0)
  const kept = firstSequenceIn(last)
  for (const path of segments().slice(last)) rmSync(path)
  const { gaps } = auditFeed(layout, 'x', appended)
  expect(gaps).toBeGreaterThanOrEqual(FRAMES - kept)
})

it('sees that a frame is another one than the feed appended', () => {
  const appended = appendFrames(3)
  expect(
    auditFeed(layout, 'x', { ...appended, digest: appended.digest.replace(/./, (digit) => (digit === '0' ? '1' : '0')) }),
  ).toMatchObject({
    gaps: 0,
    differs: true,
  })
  expect(auditFeed(layout, 'x', { ...appended, count: 2 }).differs).toBe(true)
})

it('counts what cannot be read as missing, and says where', () => {
  const appended = appendFrames()
  const fd = openSync(segments()[1] as string, 'r+')
  writeSync(fd, Buffer.alloc(8, 0xff), 0, 8, 64 + 64)
  closeSync(fd)
  const { gaps, problem } = auditFeed(layout, 'x', appended)
  expect(gaps).toBeGreaterThan(0)
  expect(problem).toMatch(/Corrupt/)
})

it('goes on after messages that are neither orders nor answers, and counts them', () => {
  const order = exampleOrder()
  const paths = layout.createStrategy('alpha')
  using orders = openWriter(paths.ordersOut, { segmentSize: 4096 })
  using answers = openWriter(paths.ordersIn, { segmentSize: 4096 })
  orders.append(9, Buffer.from('?'))
  const { typeId, payload } = encodeOrder(order)
  orders.append(typeId, payload)
  const answer = encodeAnswer({ ...order, outcome: 'fill', answeredNs: 6n })
  answers.append(9, Buffer.from('?'))
  answers.append(answer.typeId, answer.payload)
  expect(auditStrategy(layout, 'alpha')).toMatchObject({ malformed: 2, fills: 1, unanswered: 0, strayAnswers: 0, lastOrderId: 1 })
})
