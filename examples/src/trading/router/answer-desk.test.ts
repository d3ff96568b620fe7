import { openWriter } from '@chronicle-ts/core'
import { beforeEach, expect, it } from 'vitest'
import { messagesOf, temporaryFolder } from '../../../test/queue-fixtures.js'
import { type Answer, decodeAnswer, type Order } from '../order-codec.js'
import { AnswerDesk } from './answer-desk.js'

let directory: string
beforeEach(() => {
  directory = temporaryFolder()
})

const order = (orderId: number, kind: Order['kind'] = 'take'): Order => ({
  orderId,
  kind,
  sentNs: 5n,
  marketSequence: 1,
  price: 2,
  quantity: 3,
  side: 'buy',
  strategy: 'alpha',
  venue: 'v',
  symbol: 'X',
})

function live(handle: (desk: AnswerDesk) => void): void {
  using ordersIn = openWriter(directory, { segmentSize: 4096 })
  handle(new AnswerDesk(ordersIn))
}

function givenAnswers(): Answer[] {
  return messagesOf(directory, ({ typeId, payload }) => decodeAnswer(typeId, payload))
}

it('fills an order that takes and acknowledges one that makes, keeping what the order said', () => {
  live((desk) => {
    expect(desk.answer(order(1, 'take'))).toBe('fill')
    expect(desk.answer(order(2, 'make'))).toBe('ack')
  })
  expect(givenAnswers()).toMatchObject([
    { ...order(1, 'take'), outcome: 'fill' },
    { ...order(2, 'make'), outcome: 'ack' },
  ])
})

it('answers an order once, also when a restarted router reads it again', () => {
  live((desk) => {
    for (let orderId = 1; orderId <= 40; orderId++) desk.answer(order(orderId))
  })
  live((desk) => {
    expect([39, 40, 41].map((orderId) => desk.answer(order(orderId)))).toEqual(['repeat', 'repeat', 'fill'])
    expect(desk.gaps).toBe(0)
  })
  expect(givenAnswers().map(({ orderId }) => orderId)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1))
})

it('counts orders that are missing', () => {
  live((desk) => {
    desk.answer(order(1))
    desk.answer(order(4))
    expect(desk.gaps).toBe(2)
  })
})
