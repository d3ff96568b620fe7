import { openTypedWriter } from '@chronicle-ts/typed'
import { beforeEach, expect, it } from 'vitest'
import { exampleOrder } from '../../test/example-order.js'
import { messagesOf, temporaryFolder } from '../../test/queue-fixtures.js'
import { type Answer, decodeAnswer, type Order } from '../checked-order.js'
import { Ack, Fill } from '../order-messages.js'
import { AnswerDesk } from './answer-desk.js'

const ORDERED_NS = 8n

let directory: string
beforeEach(() => {
  directory = temporaryFolder()
})

const order = (orderId: number, kind: Order['kind'] = 'take') => exampleOrder({ orderId, kind })

function live(handle: (desk: AnswerDesk) => void): void {
  using ordersIn = openTypedWriter(directory, [Ack, Fill], { segmentSize: 4096 })
  handle(new AnswerDesk(ordersIn))
}

function givenAnswers(): Answer[] {
  return messagesOf(directory, ({ typeId, payload, schemaVersion }) => decodeAnswer(typeId, payload, schemaVersion))
}

it('fills an order that takes and acknowledges one that makes, keeping what the order said', () => {
  live((desk) => {
    expect(desk.answer(order(1, 'take'), ORDERED_NS)).toBe('fill')
    expect(desk.answer(order(2, 'make'), ORDERED_NS)).toBe('ack')
  })
  expect(givenAnswers()).toMatchObject([
    { ...order(1, 'take'), outcome: 'fill', orderedNs: ORDERED_NS },
    { ...order(2, 'make'), outcome: 'ack', orderedNs: ORDERED_NS },
  ])
})

it('answers an order once, also when a restarted router reads it again', () => {
  live((desk) => {
    for (let orderId = 1; orderId <= 40; orderId++) desk.answer(order(orderId), ORDERED_NS)
  })
  live((desk) => {
    expect([39, 40, 41].map((orderId) => desk.answer(order(orderId), ORDERED_NS))).toEqual(['repeat', 'repeat', 'fill'])
    expect(desk.gaps).toBe(0)
  })
  expect(givenAnswers().map(({ orderId }) => orderId)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1))
})

it('counts orders that are missing', () => {
  live((desk) => {
    desk.answer(order(1), ORDERED_NS)
    desk.answer(order(4), ORDERED_NS)
    expect(desk.gaps).toBe(2)
  })
})
