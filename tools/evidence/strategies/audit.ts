import type { StrategyPaths } from '@chronicle-ts/bus'
import { type Message, openObserver, QueueError } from '@chronicle-ts/core'
import { ANSWER_TYPES, ORDER_LENGTH, orderIdOf } from './order.js'

/** What a strategy's two queues say about each other. */
export interface Audit {
  /** Orders that can be read. */
  readonly orders: number
  /** Answers: always to the first orders, one each, in their order, or something is in `broken`. */
  readonly answers: number
  /** Whether a router ever made the queue of the answers. */
  readonly wasServed: boolean
  readonly broken: readonly string[]
}

/**
 * Reads both queues side by side: sequences and ids without a hole, and the answer of every order with the bytes of that order. So as many answers as orders
 * means exactly one for each.
 */
export function auditStrategy({ name, ordersOut, ordersIn }: StrategyPaths): Audit {
  const broken: string[] = []
  const orders = openIfThere(ordersOut)
  const answers = openIfThere(ordersIn)
  try {
    let orderCount = 0
    let answerCount = 0
    const take = (order: Message, answer: Message | undefined) => {
      if (order.sequence !== orderCount) broken.push(`${name}: order at sequence ${order.sequence}, expected ${orderCount}`)
      orderCount++
      if (orderIdOf(order.payload) !== orderCount)
        broken.push(`${name}: order ${orderIdOf(order.payload)} in place of ${orderCount}`)
      if (answer === undefined) return
      const difference = findDifference(order, answer)
      if (difference !== undefined) broken.push(`${name}: ${difference}`)
      answerCount++
    }
    let isMatching = true
    for (let order = orders?.next(); order !== undefined; order = orders?.next()) {
      const answer: Message | undefined = isMatching ? answers?.next() : undefined
      isMatching = answer !== undefined
      take(order, answer)
    }
    // Strategy and router may be at work meanwhile: what has an answer by now was sent before.
    for (let answer = isMatching ? answers?.next() : undefined; answer !== undefined; answer = answers?.next()) {
      const order = orders?.next()
      if (order !== undefined) take(order, answer)
      else broken.push(`${name}: an answer to order ${orderIdOf(answer.payload)}, which is not there`)
    }
    return { orders: orderCount, answers: answerCount, wasServed: answers !== undefined, broken }
  } catch (error) {
    if (!(error instanceof QueueError)) throw error
    return { orders: 0, answers: 0, wasServed: false, broken: [...broken, `${name}: ${error.message}`] }
  } finally {
    orders?.close()
    answers?.close()
  }
}

function findDifference(order: Message, answer: Message): string | undefined {
  if (answer.sequence !== order.sequence) return `answer at sequence ${answer.sequence}, expected ${order.sequence}`
  if (!ANSWER_TYPES.includes(answer.typeId)) return `answer ${answer.sequence} has type ${answer.typeId}`
  if (answer.payload.compare(order.payload, 0, ORDER_LENGTH, 0, ORDER_LENGTH) === 0) return undefined
  return `the answer at ${answer.sequence} is to order ${orderIdOf(answer.payload)}, or has other bytes`
}

/** A strategy that was killed before its first queue was whole has none. */
export function openIfThere(directory: string) {
  try {
    return openObserver(directory, { start: 'earliest' })
  } catch (error) {
    if (error instanceof QueueError && ['ERR_NOT_FOUND', 'ERR_NOT_A_QUEUE', 'ERR_NOT_READY'].includes(error.code))
      return undefined
    throw error
  }
}
